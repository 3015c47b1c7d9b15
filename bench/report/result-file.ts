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

/** In the order in which they are shown. */
const order = [
  'throughput',
  'latency',
  'parked',
  'recovery',
  'work-items',
  'agents',
  'convoy',
  'limiter',
  'api',
  'users',
  'overload',
  'metrics',
  'dashboard',
  'fleet',
  'fleet-cache',
  'soak',
  'peers',
];

/** The newest kept result of each scenario. */
export function newest(): ReadonlyMap<string, Result> {
  const files = readdirSync(kept).filter((file) => file.endsWith('.json'));
  const entries = order.flatMap((scenario) => {
    const file = files
      .filter((name) => name.slice('2026-01-01-'.length) === `${scenario}.json`)
      .toSorted()
      .at(-1);
    // Written by `keep`.
    return file === undefined
      ? []
      : [[scenario, JSON.parse(readFileSync(join(kept, file), 'utf8')) as Result] as const];
  });
  return new Map(entries);
}
