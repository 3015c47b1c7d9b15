import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Stats } from '../../src/orchestrator/metrics/stats.ts';
import type { Squadra } from '../../src/orchestrator/squadra.ts';
import { statePaths } from '../../src/work/sqlite/sqlite-state.ts';
import { wrongMetrics } from '../support/recounted-metrics.ts';
import { temporaryFolder } from '../work/sqlite/open-state.ts';
import { openMetered, workOnce } from './metrics-story.ts';

it('has lost nothing and counted nothing twice after it was killed, again and again', async () => {
  await using folder = await temporaryFolder();
  const { database: path } = statePaths(folder.path);
  for (const rounds of [1, 4, 7]) {
    await killedAfter(folder.path, rounds);
    await using squadra = await openMetered(folder.path);
    await workOnce(squadra);
    const stats = await complete(squadra);
    using database = new DatabaseSync(path, { readOnly: true });
    const told = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0];
    const from = `>= ${Date.parse(stats.from)}`;
    const ended = (status: string) =>
      told(
        `SELECT count(*) FROM journal WHERE tenant = 'local' AND type = '${status}' AND kind = 'status' AND at ${from}`,
      );
    expect(stats.totals.submitted).toBe(
      told(`SELECT count(*) FROM executions WHERE tenant = 'local' AND created_at ${from}`),
    );
    expect(stats.totals.submitted).toBeGreaterThan(rounds);
    expect(stats.totals.completed).toBe(ended('completed'));
    expect(stats.totals.cancelled).toBe(ended('cancelled'));
    // Each attempt of a call that ended was paid for here; forks pay for none that they took over.
    const paid = "SELECT sum(model_calls) FROM executions WHERE tenant = 'local'";
    expect(stats.modelCalls.total).toBe(told(paid));
    expect(stats.convoys.created).toBe(told("SELECT count(*) FROM convoys WHERE tenant = 'local'"));
  }
  using database = new DatabaseSync(path, { readOnly: true });
  expect(wrongMetrics(database)).toEqual([]);
  // The comparison finds what is wrong: a twin of the file in which one execution counts twice.
  using twin = new DatabaseSync(path);
  twin.exec('UPDATE metric_minutes SET submitted = submitted + 1 WHERE submitted > 0');
  expect(wrongMetrics(twin)[0]).toMatch(/^submitted of (?:local|other) \d+ is \d+, not \d+$/);
});

/** Lets a process work until so many rounds have ended, and kills it. */
async function killedAfter(stateDir: string, rounds: number): Promise<void> {
  const main = fileURLToPath(new URL('./metrics-main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, stateDir], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let ended = 0;
  child.on('message', () => {
    if (++ended === rounds) child.kill('SIGKILL');
  });
  const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  expect(signal).toBe('SIGKILL');
}

/** The figures when what was left uncounted is counted, and nothing is under way. */
async function complete(squadra: Squadra): Promise<Stats> {
  for (;;) {
    const { executions } = squadra.metrics.system();
    const stats = await squadra.metrics.stats();
    const isIdle =
      executions.running + executions.ready + executions.sleeping === 0 && squadra.statistics().convoys.convoys === 0;
    if (stats.isComplete && isIdle) return squadra.metrics.stats();
    await turn();
  }
}
