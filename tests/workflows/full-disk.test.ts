import { expect, it } from 'vitest';
import { SquadraError } from '../../src/kernel/errors.ts';
import type { ErrorCode } from '../../src/kernel/errors.ts';
import type { Commit, ExecutionStore } from '../../src/work/execution-store.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { sharedWorkbench } from '../support/workbench.ts';
import { wrapSessions } from '../support/wrap-sessions.ts';

const open = sharedWorkbench();

/** A store that refuses commits for as long as the disk is full. */
function onDisk(store: ExecutionStore, code: ErrorCode) {
  const disk = { isFull: false, refused: 0 };
  const wrapped = wrapSessions(store, (session) => ({
    epoch: session.epoch,
    get isUnsure() {
      return session.isUnsure;
    },
    signals: () => session.signals(),
    commit: async (commit: Commit) => {
      if (!disk.isFull) return session.commit(commit);
      disk.refused++;
      throw new SquadraError(code, 'The disk is full.');
    },
  }));
  return { disk, store: wrapped };
}

it.each(['STORE_FULL', 'WRITES_SATURATED', 'STORE_FAILED'] as const)(
  'what %s refuses is kept and committed later: nothing runs again and nobody hears of it before',
  async (code) => {
    await using bench = open();
    const { disk, store } = onDisk(bench.state.executions, code);
    const heard: string[] = [];
    const { process } = bench.start(
      [
        defineWorkflow({
          name: 'paid',
          run: async ({ step }) => {
            heard.push(String(await step.run('call', bench.bodies.body('call'))));
            await step.sleep('nap', '1m');
            return heard.at(-1);
          },
        }),
      ],
      { executions: store },
    );
    const id = await process.submit('paid');
    await bench.quiet();
    disk.isFull = true;
    await bench.end('call');
    await bench.pass(30_000);
    expect(heard).toEqual([]);
    expect(disk.refused).toBeGreaterThan(5);
    expect((await bench.get(id)).status).toBe('running');
    disk.isFull = false;
    await bench.pass(5_000);
    expect(heard).toEqual(['call!']);
    expect((await bench.get(id)).status).toBe('waiting');
    disk.isFull = true;
    await bench.pass(60_000);
    expect((await bench.get(id)).status).toBe('running');
    disk.isFull = false;
    await bench.pass(5_000);
    expect(await process.result(id)).toEqual({ status: 'completed', output: 'call!' });
    expect(bench.bodies.begun).toEqual(['call']);
  },
);

it('tries soon at first, then every five seconds at most, so that a freed disk is noticed', async () => {
  await using bench = open();
  const { disk, store } = onDisk(bench.state.executions, 'STORE_FULL');
  const { process } = bench.start(
    [defineWorkflow({ name: 'paid', run: ({ step }) => step.run('call', bench.bodies.body('call')) })],
    { executions: store, random: () => 1 },
  );
  await process.submit('paid');
  await bench.quiet();
  disk.isFull = true;
  await bench.end('call');
  const pauses: number[] = [];
  let last = bench.clock.now();
  for (let tries = disk.refused; pauses.length < 9; tries = disk.refused) {
    while (disk.refused === tries) await bench.pass(bench.clock.untilNextMs ?? 0);
    pauses.push(bench.clock.now() - last);
    last = bench.clock.now();
  }
  expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
});

it('a cancel ends a run that waits for the disk', async () => {
  await using bench = open();
  const { disk, store } = onDisk(bench.state.executions, 'STORE_FULL');
  const { process } = bench.start(
    [defineWorkflow({ name: 'paid', run: ({ step }) => step.run('call', bench.bodies.body('call')) })],
    { executions: store },
  );
  const id = await process.submit('paid');
  await bench.quiet();
  disk.isFull = true;
  await bench.end('call');
  await process.run(id).cancel();
  disk.isFull = false;
  await bench.pass(60_000);
  expect(await process.result(id)).toEqual({ status: 'cancelled', reason: null });
  expect(await bench.steps(id)).toEqual([]);
});

it('an unforeseen refusal parks the run, which begins again from the journal a second later', async () => {
  await using bench = open();
  const { disk, store } = onDisk(bench.state.executions, 'INTERNAL');
  const { process } = bench.start(
    [
      defineWorkflow({
        name: 'paid',
        run: async ({ step }) => [
          await step.run('a', bench.bodies.body('a')),
          await step.run('b', bench.bodies.body('b')),
        ],
      }),
    ],
    { executions: store },
  );
  const id = await process.submit('paid');
  await bench.end('a');
  disk.isFull = true;
  await bench.end('b');
  disk.isFull = false;
  await bench.pass(1_000);
  await bench.end('b');
  expect(await process.result(id)).toEqual({ status: 'completed', output: ['a!', 'b!'] });
  expect(bench.bodies.begun).toEqual(['a', 'b', 'b']);
});
