import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { StateInspection } from '../state-inspection.ts';
import { inspectSchema, schemaVersion } from './migrations.ts';
import { statePaths, stateOwner } from './sqlite-state.ts';
import { storeError } from './sqlite-failure.ts';

/** Problems that are listed; a file with more of them is no better for knowing them all. */
const maxProblems = 10;

/** Looks at a state folder beside whoever runs it: reads the whole file once, and changes nothing. */
export function inspectStateFile(stateDir: string): StateInspection {
  const path = statePaths(stateDir).database;
  const size = sizeOf(path);
  const found = { stateDir, currentVersion: schemaVersion, owner: stateOwner(stateDir) };
  if (size === null) return { ...found, exists: false, sizeBytes: 0, version: null, problems: [] };
  const sizeBytes = size + (sizeOf(`${path}-wal`) ?? 0);
  return { ...found, exists: true, sizeBytes, ...readFile(path) };
}

function readFile(path: string): Pick<StateInspection, 'version' | 'problems'> {
  let version: number | null = null;
  try {
    using database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    ({ version } = inspectSchema(database, path));
    const rows = database.prepare(`PRAGMA quick_check(${maxProblems})`).all();
    return { version, problems: rows.map((row) => String(row['quick_check'])).filter((text) => text !== 'ok') };
  } catch (error) {
    return { version, problems: [storeError(error, path).message] };
  }
}

function sizeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.size ?? null;
}
