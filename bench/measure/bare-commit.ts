import { join } from 'node:path';
import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { percentiles } from './statistics.ts';

/** What one synced commit costs here, with nothing around it. */
export interface BareCommit {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly count: number;
}

/** Times commits of one row of 1 KB by bare `node:sqlite` (WAL, synchronous=FULL) in a folder. */
export function bareCommit(folder: string, count = 1_000): BareCommit {
  const path = join(folder, 'bare.db');
  const database = new DatabaseSync(path);
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE rows (no INTEGER PRIMARY KEY, text TEXT)',
  );
  const insert = database.prepare('INSERT INTO rows (text) VALUES (?)');
  const text = 'x'.repeat(1_024);
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const begun = performance.now();
    database.exec('BEGIN IMMEDIATE');
    insert.run(text);
    database.exec('COMMIT');
    times.push(performance.now() - begun);
  }
  database.close();
  for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true });
  const { p50, p99 } = percentiles(times);
  return { p50Ms: p50, p99Ms: p99, count };
}
