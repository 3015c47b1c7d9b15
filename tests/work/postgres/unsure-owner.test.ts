import { describe, expect, it } from 'vitest';
import { settle } from '../../../src/testing/test-clock.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { embedded, sharedWorkbench } from '../../support/workbench.ts';
import type { Workbench } from '../../support/workbench.ts';
import { wrapSessions } from '../../support/wrap-sessions.ts';
import { openTemporaryState } from './open-state.ts';

const open = sharedWorkbench(embedded, openTemporaryState);

/** Between its two steps it stands still, as a process does that is stopped. */
const flow = (bench: Workbench, stillMs: number) =>
  defineWorkflow({
    name: 'flow',
    run: async ({ step }) => {
      await step.run('first', bench.bodies.body('first'));
      await new Promise<void>((resolve) => bench.clock.setTimer(stillMs, resolve));
      await step.run('second', bench.bodies.body('second'));
    },
  });

async function untilItStands(bench: Workbench, stillMs: number) {
  const { process } = bench.start([flow(bench, stillMs)]);
  const id = await process.submit('flow');
  await bench.end('first');
  return { process, id };
}

describe('a run that stood still', () => {
  it('begins no body when somebody else has claimed its execution meanwhile', async () => {
    await using bench = open();
    const { id, process } = await untilItStands(bench, 5_000);
    expect((await bench.state.executions.claim('local', id))?.session.epoch).toBe(2);
    await bench.pass(5_000);
    expect(bench.bodies.begun).toEqual(['first']);
    expect(process.advancer.isRunning(id)).toBe(false);
  });

  it('goes on when it owns it still', async () => {
    await using bench = open();
    const { process, id } = await untilItStands(bench, 5_000);
    await bench.pass(5_000);
    expect(bench.bodies.begun).toEqual(['first', 'second']);
    await bench.end('second');
    expect(await process.result(id)).toMatchObject({ status: 'completed' });
    // It asked by a commit that leaves nothing in the journal.
    expect((await bench.steps(id)).map(({ key, phase }) => `${key} ${phase}`)).toEqual([
      'first completed',
      'second completed',
    ]);
  });

  it('sends no call whose intent was stored before, when somebody else has settled that meanwhile', async () => {
    await using bench = open();
    const { executions } = bench.state;
    const released = Promise.withResolvers<void>();
    // The answer to the intent waits in the socket of a process that is stopped.
    const late = wrapSessions(executions, (session) => ({
      epoch: session.epoch,
      get isUnsure() {
        return session.isUnsure;
      },
      signals: () => session.signals(),
      commit: async (commit) => {
        const committed = await session.commit(commit);
        if (commit.records.some((record) => record.kind === 'step' && record.phase === 'intent'))
          await released.promise;
        return committed;
      },
    }));
    const asking = defineWorkflow({ name: 'asking', run: ({ squad }) => squad.ask('tester', 'Is it good?') });
    const { process } = bench.start([asking], { executions: late });
    const squad = await process.squads.create('local', { name: 'pair', members: [{ role: 'tester' }] });
    const id = await process.submit('asking', { input: {}, squad: squad.id });
    while ((await bench.steps(id)).length === 0) await settle(1);
    await bench.clock.advance(5_000);
    expect((await executions.claim('local', id))?.session.epoch).toBe(2);
    released.resolve();
    await bench.quiet();
    expect(bench.bodies.begun).toEqual([]);
    expect(process.advancer.isRunning(id)).toBe(false);
  });
});
