import { describe, expect, it } from 'vitest';
import { NonRetryableError, SquadraError } from '../../src/kernel/errors.ts';
import type { StepOptions } from '../../src/workflows/step-api.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { sharedWorkbench } from '../support/workbench.ts';
import type { Workbench } from '../support/workbench.ts';

const open = sharedWorkbench();

/** A process with a workflow of one step, and an execution of it. */
async function oneStep(bench: Workbench, options: StepOptions = {}, random = 0.5) {
  const workflow = defineWorkflow({
    name: 'one',
    run: ({ step }) => step.run('work', bench.bodies.body('work'), options),
  });
  const { process } = bench.start([workflow], { random: () => random });
  const id = await process.submit('one');
  await bench.quiet();
  return { process, id, workflow };
}

/** Pauses between the failed attempts, as they were committed. */
async function pauses(bench: Workbench, id: string): Promise<(number | null)[]> {
  const failed = (await bench.steps(id)).filter(({ phase }) => phase === 'failed');
  return failed.map(({ dueAt, at }) => (dueAt === null ? null : dueAt - at));
}

describe('a failed attempt', () => {
  it.each([
    [1, [1_000, 2_000, 4_000, 8_000, null]],
    [0.25, [250, 500, 1_000, 2_000, null]],
    [0, [0, 0, 0, 0, null]],
  ])('is followed by four more, after full jitter of 1 s doubling (random %d)', async (random, expected) => {
    await using bench = open();
    const { process, id } = await oneStep(bench, {}, random);
    for (let attempt = 1; attempt <= 5; attempt++) {
      expect(bench.bodies.get('work').attempt.number).toBe(attempt);
      await bench.fail('work', new Error(`attempt ${attempt}`));
      await bench.pass(8_000);
    }
    expect(await pauses(bench, id)).toEqual(expected);
    expect(await process.result(id)).toMatchObject({ status: 'failed', error: { message: 'attempt 5' } });
  });

  it('parks the execution until it is time, so that it takes no place', async () => {
    await using bench = open();
    const { process, id } = await oneStep(bench);
    await bench.fail('work', new Error('not yet'));
    expect((await bench.get(id)).status).toBe('waiting');
    expect(process.engine.statistics()).toMatchObject({ running: 0, sleeping: 1 });
    await bench.pass(499);
    expect(bench.bodies.keys).toEqual([]);
    await bench.pass(1);
    await bench.end('work');
    expect(await process.result(id)).toEqual({ status: 'completed', output: 'work!' });
  });

  it('keeps its pause and its number over a crash', async () => {
    await using bench = open();
    const workflow = defineWorkflow({
      name: 'one',
      run: ({ step }) => step.run('work', bench.bodies.body('work'), { retries: 1 }),
    });
    const first = bench.start([workflow], { random: () => 1 });
    const id = await first.process.submit('one');
    await bench.fail('work', new Error('first'));
    await bench.pass(400);
    first.life.end();
    const second = bench.start([workflow]);
    await second.process.resume();
    await bench.pass(599);
    expect(bench.bodies.keys).toEqual([]);
    await bench.pass(1);
    expect(bench.bodies.get('work').attempt.number).toBe(2);
    await bench.fail('work', new Error('second'));
    expect(await second.process.result(id)).toMatchObject({ status: 'failed', error: { message: 'second' } });
  });

  it('waits as long as the other side asked for', async () => {
    await using bench = open();
    const { id } = await oneStep(bench);
    const busy = new SquadraError('MODEL_UNAVAILABLE', 'Busy', { details: { retryAfterMs: 120_000 } });
    await bench.fail('work', busy);
    expect(await pauses(bench, id)).toEqual([120_000]);
  });

  it.each([
    ['says so', new NonRetryableError('Never')],
    ['is of a kind that says so', new SquadraError('MODEL_REJECTED', 'Wrong key')],
  ])('is the last one when its error %s', async (_, error) => {
    await using bench = open();
    const { process, id } = await oneStep(bench);
    await bench.fail('work', error);
    expect(await process.result(id)).toMatchObject({ status: 'failed', error: { message: error.message } });
    expect(bench.bodies.begun).toHaveLength(1);
  });

  it('follows the options of the step, which win over those of the workflow', async () => {
    await using bench = open();
    const workflow = defineWorkflow({
      name: 'options',
      steps: { retries: 2, backoff: { initial: '10s', factor: 1 } },
      run: ({ step }) =>
        Promise.allSettled([
          step.run('a', bench.bodies.body('a')),
          step.run('b', bench.bodies.body('b'), { retries: 1, backoff: { initial: '3s' } }),
        ]).then(() => 'over'),
    });
    const { process } = bench.start([workflow], { random: () => 1 });
    const id = await process.submit('options');
    for (let round = 0; round < 3; round++) {
      await bench.quiet();
      for (const key of bench.bodies.keys) await bench.fail(key, new Error('no'));
      await bench.pass(10_000);
    }
    const failed = (await bench.steps(id)).filter(({ phase }) => phase === 'failed');
    const told = failed.map(({ key, dueAt, at }) => `${key} ${dueAt === null ? 'last' : dueAt - at}`);
    expect(told.filter((each) => each.startsWith('a'))).toEqual(['a 10000', 'a 10000', 'a last']);
    expect(told.filter((each) => each.startsWith('b'))).toEqual(['b 3000', 'b last']);
  });

  it.each([
    [{ retries: -1 }, 'INVALID_STEP'],
    [{ retries: 1.5 }, 'INVALID_STEP'],
    [{ backoff: { factor: 0.5 } }, 'INVALID_STEP'],
    [{ backoff: { initial: 'soon' } }, 'INVALID_DURATION'],
    [{ timeout: -1 }, 'INVALID_DURATION'],
  ])('cannot be given options that make no sense: %j', async (options, code) => {
    await using bench = open();
    const { process, id } = await oneStep(bench, options);
    expect(await process.result(id)).toMatchObject({ status: 'failed', error: { code } });
    expect(bench.bodies.begun).toEqual([]);
  });
});

describe('an attempt', () => {
  it('has the same idempotency key every time', async () => {
    await using bench = open();
    const { id } = await oneStep(bench);
    const { idempotencyKey } = bench.bodies.get('work').attempt;
    expect(idempotencyKey).toBe(`${id}/work`);
    await bench.fail('work', new Error('again'));
    await bench.pass(500);
    expect(bench.bodies.get('work').attempt.idempotencyKey).toBe(idempotencyKey);
  });

  it('is aborted and tried again when it is out of time, and what it brings later is dropped', async () => {
    await using bench = open();
    const { process, id } = await oneStep(bench, { timeout: '5s' });
    const { attempt, resolve } = bench.bodies.get('work');
    await bench.pass(4_999);
    expect(attempt.signal.aborted).toBe(false);
    await bench.pass(1);
    expect(attempt.signal.reason).toMatchObject({ code: 'STEP_TIMEOUT' });
    resolve('too late');
    await bench.pass(500);
    expect(bench.bodies.get('work').attempt.number).toBe(2);
    await bench.end('work', 'in time');
    expect(await process.result(id)).toEqual({ status: 'completed', output: 'in time' });
  });

  it('leaves no timer behind, whether it ends, is cancelled or loses a race and heeds no signal', async () => {
    await using bench = open();
    const never = (): Promise<never> => new Promise(() => {});
    const { process, life } = bench.start([
      defineWorkflow({
        name: 'loser',
        run: ({ step }) => Promise.race([step.run('a', () => 1), step.run('b', never)]),
      }),
      defineWorkflow({ name: 'stuck', run: ({ step }) => step.run('c', never) }),
    ]);
    const loser = await process.submit('loser');
    expect(await process.result(loser)).toEqual({ status: 'completed', output: 1 });
    const stuck = await process.submit('stuck');
    await bench.quiet();
    expect(life.timers).toBeGreaterThan(0);
    await process.run(stuck).cancel();
    await bench.quiet();
    expect(life.timers).toBe(0);
  });

  it('that asks for its signal only after it was stopped finds it aborted', async () => {
    await using bench = open();
    const { process, id } = await oneStep(bench);
    const { attempt } = bench.bodies.get('work');
    await process.run(id).cancel();
    expect(attempt.signal.aborted).toBe(true);
  });
});

describe('an error', () => {
  class CardError extends Error {
    override readonly name = 'CardError';
    readonly code = 'card_declined';
  }

  it('keeps name, message, stack, code and cause for the workflow, in the first run and after a restart', async () => {
    await using bench = open();
    const seen: unknown[] = [];
    const workflow = defineWorkflow({
      name: 'catching',
      run: async ({ step }) => {
        try {
          await step.run('charge', bench.bodies.body('charge'), { retries: 0 });
        } catch (error) {
          seen.push(error);
        }
        return step.run('after', bench.bodies.body('after'));
      },
    });
    const first = bench.start([workflow]);
    const id = await first.process.submit('catching');
    const original = new CardError('No money', { cause: new RangeError('-5', { cause: 'a plain text' }) });
    await bench.fail('charge', original);
    first.life.end();
    const second = bench.start([workflow]);
    await second.process.resume();
    await bench.end('after');
    expect(await second.process.result(id)).toEqual({ status: 'completed', output: 'after!' });
    expect(seen).toHaveLength(2);
    for (const error of seen) {
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({
        name: 'CardError',
        message: 'No money',
        code: 'card_declined',
        stack: original.stack,
        cause: { name: 'RangeError', message: '-5', cause: { message: 'a plain text' } },
      });
    }
    expect((seen[1] as Error).cause).toBeInstanceOf(RangeError);
  });

  it('of a workflow is the outcome, with its cause', async () => {
    await using bench = open();
    const { process } = bench.start([
      defineWorkflow({
        name: 'throwing',
        run: () => {
          throw new CardError('Broken', { cause: new Error('why') });
        },
      }),
    ]);
    const outcome = await process.result(await process.submit('throwing'));
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { name: 'CardError', message: 'Broken', code: 'card_declined', cause: { message: 'why' } },
    });
  });

  it('of a branch that nobody awaits yet does not end the process', async () => {
    await using bench = open();
    const unhandled: unknown[] = [];
    const listen = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', listen);
    const { process: worker } = bench.start([
      defineWorkflow({
        name: 'late',
        run: async ({ step, squad }) => {
          const failing = step.run('a', bench.bodies.body('a'), { retries: 0 });
          const scoped = step.scope('in', (inner) => inner.run('b', bench.bodies.body('b'), { retries: 0 }));
          const asked = squad.ask('nobody', 'Anything?');
          await step.run('slow', bench.bodies.body('slow'));
          const settled = await Promise.allSettled([failing, scoped, asked]);
          return settled.map(({ status }) => status);
        },
      }),
    ]);
    const id = await worker.submit('late', { input: {}, squad: 'software' });
    await bench.fail('a', new Error('early'));
    await bench.fail('b', new Error('early'));
    await bench.end('slow');
    expect(await worker.result(id)).toMatchObject({ output: ['rejected', 'rejected', 'rejected'] });
    process.off('unhandledRejection', listen);
    expect(unhandled).toEqual([]);
  });
});
