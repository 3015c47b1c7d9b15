import { describe, expect, it } from 'vitest';
import type { Claim, ExecutionStore } from '../../src/work/execution-store.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { replaced } from '../support/metered-store.ts';
import { settle } from '../../src/testing/test-clock.ts';
import { sharedWorkbench } from '../support/workbench.ts';
import type { Workbench } from '../support/workbench.ts';

const open = sharedWorkbench();

/** Holds back what a claim brings: it is committed, but has not arrived. */
function lateClaims(store: ExecutionStore): { readonly store: ExecutionStore; arrive(): Promise<void> } {
  const held: (() => void)[] = [];
  const claim = async (tenant: string, id: string): Promise<Claim | null> => {
    const claimed = await store.claim(tenant, id);
    await new Promise<void>((resolve) => held.push(resolve));
    return claimed;
  };
  return {
    store: replaced(store, { claim }),
    arrive: async () => {
      while (held.length === 0) await settle(1);
      for (const arrive of held.splice(0)) arrive();
      await settle();
    },
  };
}

const racing = (bench: Workbench) =>
  defineWorkflow({
    name: 'racing',
    run: ({ step }) => Promise.race([step.waitFor('stop'), step.run('long', bench.bodies.body('long'))]),
  });

describe('A1: an execution that is claimed but does not run yet', () => {
  it('takes a signal that came meanwhile, though another branch keeps it in memory', async () => {
    await using bench = open();
    const claims = lateClaims(bench.state.executions);
    const { process } = bench.start([racing(bench)], { executions: claims.store });
    const id = await process.submit('racing', { input: {}, start: false });
    await process.run(id).start();
    while ((await bench.get(id)).status !== 'running') await settle(1);
    await process.run(id).signal('stop', 'now');
    await claims.arrive();
    expect(await process.result(id)).toMatchObject({ output: { payload: 'now' } });
  });

  it('begins nothing when it was cancelled meanwhile', async () => {
    await using bench = open();
    const claims = lateClaims(bench.state.executions);
    const { process } = bench.start([racing(bench)], { executions: claims.store });
    const id = await process.submit('racing', { input: {}, start: false });
    await process.run(id).start();
    while ((await bench.get(id)).status !== 'running') await settle(1);
    await process.run(id).cancel();
    await claims.arrive();
    await bench.quiet();
    expect(bench.bodies.begun).toEqual([]);
    expect(process.advancer.isRunning(id)).toBe(false);
  });
});

describe('A2: asking for the result of an execution that is just ending', () => {
  it('gets an answer, at whatever moment it is asked', async () => {
    await using bench = open();
    const { process } = bench.start([
      defineWorkflow({ name: 'quick', run: ({ step }) => step.run('a', () => 'done') }),
    ]);
    const id = await process.submit('quick');
    // One microtask after the other, from before the last commit until long after it.
    const asked: Promise<unknown>[] = [];
    process.bus.subscribe(id, () => {
      let turns = 0;
      const ask = (): void => {
        asked.push(process.result(id));
        if (++turns < 40) queueMicrotask(ask);
      };
      ask();
    });
    await bench.quiet();
    const outcomes = await Promise.all(asked);
    expect(outcomes.length).toBeGreaterThanOrEqual(40);
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome)))).toEqual(
      new Set(['{"status":"completed","output":"done"}']),
    );
  });
});
