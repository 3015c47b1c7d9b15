import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSquadraIn } from '../../src/compose.ts';
import type { Squadra } from '../../src/orchestrator/squadra.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import type { AnyWorkflow } from '../../src/workflows/workflow.ts';
import { Bodies } from '../support/bodies.ts';
import { settle, TestClock } from '../../src/testing/test-clock.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'squadra-shutdown-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function open(stateDir: string, workflows: readonly AnyWorkflow[], clock: TestClock): Promise<Squadra> {
  return openSquadraIn({ stateDir, workflows, settings: { shutdownGrace: '30s', logLevel: 'silent' } }, { clock });
}

const threeSteps = (bodies: Bodies) =>
  defineWorkflow({
    name: 'three',
    run: async ({ step }) => {
      const results: unknown[] = [];
      for (const key of ['a', 'b', 'c']) results.push(await step.run(key, bodies.body(key)));
      return results;
    },
  });

describe('closing', () => {
  it('lets the step that runs finish and be committed, begins no other, and the next start goes on from there', async () => {
    const [stateDir, clock, bodies] = [folder(), new TestClock(), new Bodies()];
    const workflow = threeSteps(bodies);
    const first = await open(stateDir, [workflow], clock);
    const { id } = await first.submit(workflow, { input: {} });
    await bodies.until('a');
    const closing = first[Symbol.asyncDispose]();
    await settle();
    expect(bodies.get('a').attempt.signal.aborted).toBe(false);
    bodies.get('a').resolve();
    await closing;
    expect(bodies.begun).toEqual(['a']);

    await using second = await open(stateDir, [workflow], clock);
    const outcome = second.run(id).result();
    await bodies.until('b');
    bodies.get('b').resolve();
    await bodies.until('c');
    bodies.get('c').resolve();
    expect(await outcome).toEqual({ status: 'completed', output: ['a!', 'b!', 'c!'] });
    expect(bodies.begun).toEqual(['a', 'b', 'c']);
  });

  it('interrupts what is not done when the grace is over; it resumes at the next start', async () => {
    const [stateDir, clock, bodies] = [folder(), new TestClock(), new Bodies()];
    const workflow = threeSteps(bodies);
    const first = await open(stateDir, [workflow], clock);
    const { id } = await first.submit(workflow, { input: {} });
    await bodies.until('a');
    const { signal } = bodies.get('a').attempt;
    let isClosed = false;
    const closing = first[Symbol.asyncDispose]().then(() => (isClosed = true));
    await clock.advance(29_999);
    expect([isClosed, signal.aborted]).toEqual([false, false]);
    await clock.advance(1);
    expect(signal.reason).toMatchObject({ code: 'SHUTTING_DOWN' });
    await closing;

    const again = new Bodies();
    await using second = await open(stateDir, [threeSteps(again)], clock);
    expect((await second.run(id).get()).status).toBe('running');
    await again.until('a');
    await second.run(id).cancel();
    expect(again.begun).toEqual(['a']);
  });

  it('ends at once when nothing runs, once, however often it is asked for', async () => {
    const clock = new TestClock();
    const squadra = await open(folder(), [], clock);
    await Promise.all([squadra[Symbol.asyncDispose](), squadra[Symbol.asyncDispose]()]);
    expect(clock.timers).toBe(0);
  });

  it('tells who waits for an outcome, and refuses what comes afterwards', async () => {
    const [stateDir, clock] = [folder(), new TestClock()];
    const waiter = defineWorkflow({ name: 'waiter', run: ({ step }) => step.waitFor('go') });
    const squadra = await open(stateDir, [waiter], clock);
    const run = await squadra.submit(waiter, { input: {} });
    const outcome = run.result();
    await settle();
    await Promise.all([
      expect(outcome).rejects.toMatchObject({ code: 'SHUTTING_DOWN' }),
      squadra[Symbol.asyncDispose](),
    ]);
    await expect(run.result()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await expect(squadra.submit(waiter, { input: {} })).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await expect(run.signal('go')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });

  it('begins no attempt that becomes due meanwhile', async () => {
    const [stateDir, clock, bodies] = [folder(), new TestClock(), new Bodies()];
    const workflow = defineWorkflow({
      name: 'retrying',
      run: ({ step }) =>
        Promise.all([
          step.run('flaky', bodies.body('flaky'), { backoff: { initial: 1_000 } }),
          step.run('slow', bodies.body('slow')),
        ]),
    });
    const first = await open(stateDir, [workflow], clock);
    const { id } = await first.submit(workflow, { input: {} });
    await bodies.until('flaky', 'slow');
    bodies.get('flaky').reject(new Error('once'));
    for await (const event of first.run(id).events()) if (event.event === 'step' && event.phase === 'failed') break;
    const closing = first[Symbol.asyncDispose]();
    await clock.advance(2_000);
    expect(bodies.keys).toEqual(['slow']);
    bodies.get('slow').resolve();
    await closing;

    await using second = await open(stateDir, [workflow], clock);
    const outcome = second.run(id).result();
    await bodies.until('flaky');
    bodies.get('flaky').resolve();
    expect(await outcome).toEqual({ status: 'completed', output: ['flaky!', 'slow!'] });
  });
});
