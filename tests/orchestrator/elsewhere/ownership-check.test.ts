import { describe, expect, it } from 'vitest';
import { OwnershipCheck } from '../../../src/orchestrator/elsewhere/ownership-check.ts';
import type { OwnershipCheckParts } from '../../../src/orchestrator/elsewhere/ownership-check.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { joinedNews } from '../../support/joined-news.ts';
import { sharedWorkbench } from '../../support/workbench.ts';
import type { Workbench } from '../../support/workbench.ts';

const open = sharedWorkbench();

const flow = ({ bodies }: Workbench) =>
  defineWorkflow({ name: 'flow', run: ({ step }) => step.run('work', bodies.body('work')) });

/** A process that hears nothing of the others, and looks for itself. */
async function deafProcess(bench: Workbench, change: Partial<OwnershipCheckParts> = {}) {
  const [wire] = joinedNews(1);
  if (wire === undefined) throw new Error('There is no wire.');
  const { process } = bench.start([flow(bench)]);
  const id = await process.submit('flow');
  await bench.quiet();
  const errors: unknown[] = [];
  const check = new OwnershipCheck({
    lostAmong: async (runs) => {
      const found = await Promise.all(runs.map((run) => bench.state.reports.get(run.tenant, run.id)));
      return runs.filter((run, place) => found[place]?.status !== 'running' || found[place].epoch !== run.epoch);
    },
    advancer: process.advancer,
    news: wire,
    clock: bench.clock,
    onError: (error) => errors.push(error),
    ...change,
  });
  return { id, check, wire, errors, signal: bench.bodies.get('work').attempt.signal, advancer: process.advancer };
}

describe('a run that was cancelled while nobody could tell its process', () => {
  it('is stopped within ten seconds, and one that is still owned goes on', async () => {
    await using bench = open();
    const { id, check, signal, advancer } = await deafProcess(bench);
    await bench.pass(60_000);
    expect(signal.aborted).toBe(false);
    await bench.state.executions.cancel('local', id, null);
    expect(signal.aborted).toBe(false);
    await bench.pass(10_000);
    expect(signal.reason).toMatchObject({ code: 'STALE_OWNER' });
    expect(advancer.isRunning(id)).toBe(false);
    check[Symbol.dispose]();
  });

  it('is stopped soon after news may have been lost', async () => {
    await using bench = open();
    const { id, check, wire, signal } = await deafProcess(bench);
    await bench.state.executions.cancel('local', id, null);
    for (let each = 0; each < 5; each++) wire.lose();
    await bench.pass(500);
    expect(signal.aborted).toBe(true);
    check[Symbol.dispose]();
  });

  it('is stopped when the store answers again', async () => {
    await using bench = open();
    let isAway = true;
    const { id, check, errors, signal } = await deafProcess(bench, {
      lostAmong: async (runs) => {
        if (isAway) throw new Error('away');
        return runs;
      },
    });
    await bench.state.executions.cancel('local', id, null);
    await bench.pass(20_000);
    expect(errors).toHaveLength(2);
    isAway = false;
    await bench.pass(10_000);
    expect(signal.aborted).toBe(true);
    check[Symbol.dispose]();
  });

  it('is left alone when another run of it has begun here since', async () => {
    await using bench = open();
    const { id, check, signal, advancer } = await deafProcess(bench);
    check[Symbol.dispose]();
    const [owned] = advancer.owned();
    expect(owned).toEqual({ tenant: 'local', id, epoch: 1 });
    advancer.abandonOwned({ tenant: 'local', id, epoch: 0 });
    expect(signal.aborted).toBe(false);
  });
});
