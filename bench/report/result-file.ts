import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BareCommit } from '../measure/bare-commit.ts';
import type { Machine } from '../measure/machine.ts';
import type { Measured } from '../scenario.ts';

/** One run of one scenario as it is kept. */
export interface Result extends Measured {
  readonly scenario: string;
  readonly date: string;
  readonly commit: string;
  readonly isQuick: boolean;
  readonly machine: Machine;
  readonly bareCommit: BareCommit;
}

const kept = fileURLToPath(new URL('../results', import.meta.url));

/** Writes a result and returns its path. Quick runs show that things work and are not kept with the others. */
export function keep(result: Result): string {
  const folder = result.isQuick ? join(kept, 'tmp') : kept;
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${result.date.slice(0, 10)}-${result.scenario}.json`);
  writeFileSync(path, `${JSON.stringify(result, null, 1)}\n`);
  return path;
}

/** The newest kept result of each scenario. */
export function newest(): ReadonlyMap<string, Result> {
  const results = new Map<string, Result>();
  for (const file of readdirSync(kept).sort()) {
    if (!file.endsWith('.json')) continue;
    // Written by `keep`.
    const result = JSON.parse(readFileSync(join(kept, file), 'utf8')) as Result;
    results.set(result.scenario, result);
  }
  return results;
}
