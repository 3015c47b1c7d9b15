import { join } from 'node:path';
import { mkdirSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { openSquadra } from '../../src/index.ts';
import type { SettingOptions, Squadra } from '../../src/index.ts';
import { closedLoop, watchEventLoop } from '../measure/loops.ts';
import { input, threeSteps } from './three-steps.ts';

/** Runs something in a folder of its own, which is deleted afterwards. */
export async function inFolder<T>(parent: string, name: string, run: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = join(parent, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface Round {
  readonly perSecond: number;
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
  readonly groups: number;
}

/** Closed loop: `count` executions from the first submission to the last outcome, at most `atOnce` submissions open. */
export async function submitAll(squadra: Squadra, count: number, atOnce: number): Promise<Round> {
  const before = squadra.statistics().writer.groups;
  const loop = watchEventLoop();
  const begun = performance.now();
  const outcomes: Promise<void>[] = [];
  await closedLoop(count, atOnce, async () => {
    const run = await squadra.submit(threeSteps, { input });
    outcomes.push(
      run.result().then(({ status }) => {
        if (status !== 'completed') throw new Error(`Execution ${run.id} is ${status}.`);
      }),
    );
  });
  await Promise.all(outcomes);
  const perSecond = (count * 1_000) / (performance.now() - begun);
  const { p99Ms, maxMs } = loop();
  return { perSecond, loopP99Ms: p99Ms, loopMaxMs: maxMs, groups: squadra.statistics().writer.groups - before };
}

/** Opens a state with the workload in it, and closes it afterwards. */
export async function withSquadra<T>(
  folder: string,
  settings: SettingOptions,
  use: (squadra: Squadra) => Promise<T>,
): Promise<T> {
  await using squadra = await openSquadra({ stateDir: folder, settings, workflows: [threeSteps] });
  return await use(squadra);
}

/** A closed-loop round on a new state, checked in the file afterwards. */
export async function freshRound(
  folder: string,
  count: number,
  atOnce: number,
  settings: SettingOptions = {},
): Promise<Round> {
  const round = await withSquadra(folder, settings, (squadra) => submitAll(squadra, count, atOnce));
  checkCompleted(folder, count);
  return round;
}

/** Throws unless the file holds `count` executions, all completed, each with `steps` results. */
export function checkCompleted(folder: string, count: number, steps = 3): void {
  const database = new DatabaseSync(join(folder, 'squadra.db'), { readOnly: true });
  const completed = database.prepare("SELECT count(*) AS count FROM executions WHERE status = 'completed'").get()?.[
    'count'
  ];
  const all = database.prepare('SELECT count(*) AS count FROM executions').get()?.['count'];
  const results = database
    .prepare("SELECT count(*) AS count FROM journal WHERE kind = 'step' AND phase = 'completed'")
    .get()?.['count'];
  database.close();
  if (completed === count && all === count && results === count * steps) return;
  throw new Error(
    `Of ${count} executions with ${count * steps} steps the file holds ${String(all)}, ${String(completed)} completed, with ${String(results)} steps.`,
  );
}
