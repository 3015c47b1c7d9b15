import { describe, expect, it } from 'vitest';
import { NonRetryableError } from '../../src/kernel/errors.ts';
import type { WorkItem } from '../../src/work/work-item.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { callReservation, callUsage } from '../support/scripted-asker.ts';
import { sharedWorkbench } from '../support/workbench.ts';
import type { Workbench } from '../support/workbench.ts';

const open = sharedWorkbench();
const inSquad = { input: {}, squad: 'software' } as const;

const asking = defineWorkflow({
  name: 'asking',
  run: async ({ squad }) => (await squad.ask('tester', 'Use tools')).text,
});
const simple = defineWorkflow({
  name: 'simple',
  run: async ({ squad }) => (await squad.ask('tester', 'Test it')).text,
});

async function items(bench: Workbench, id: string): Promise<readonly WorkItem[]> {
  await bench.quiet();
  return bench.state.workItems.list('local', { executionId: id, limit: 10 });
}

async function states(bench: Workbench, id: string): Promise<string[]> {
  return (await items(bench, id)).map(({ status, reason }) => (reason === null ? status : `${status}: ${reason}`));
}

describe('the work item of an ask', () => {
  it('begins with the first intent, belongs to the member and completes with the last answer', async () => {
    await using bench = open();
    const { process } = bench.start([asking]);
    const id = await process.submit('asking', inSquad);
    const [item] = await items(bench, id);
    expect(item).toMatchObject({ status: 'in_progress', stepKey: 'tester', title: 'Use tools', version: 1 });
    for (const call of ['model/1', 'tool/1.1', 'tool/1.2']) {
      await bench.end(`tester/${call}`);
      expect(await states(bench, id)).toEqual(['in_progress']);
    }
    await bench.end('tester/model/2', 'All of it works.');
    expect(await process.result(id)).toEqual({ status: 'completed', output: 'All of it works.' });
    expect(await items(bench, id)).toMatchObject([{ id: item?.id, status: 'completed', version: 2 }]);
  });

  it('stays in progress over a crash and is the same item afterwards', async () => {
    await using bench = open();
    const first = bench.start([asking]);
    const id = await first.process.submit('asking', inSquad);
    await bench.end('tester/model/1');
    const before = await items(bench, id);
    first.life.end();
    const second = bench.start([asking]);
    await second.process.resume();
    // The lost call counts, too.
    expect(await items(bench, id)).toMatchObject(before.map(({ usage: _, ...item }) => item));
    for (const call of ['tool/1.1', 'tool/1.2', 'model/2']) await bench.end(`tester/${call}`);
    expect(await states(bench, id)).toEqual(['completed']);
  });

  it('fails with its ask, is ready again after a retry, and begins again with the call that had failed', async () => {
    await using bench = open();
    const { process } = bench.start([asking]);
    const id = await process.submit('asking', inSquad);
    await bench.end('tester/model/1');
    await bench.fail('tester/tool/1.1', new NonRetryableError('No such file'));
    expect(await states(bench, id)).toEqual(['failed: No such file']);
    expect((await bench.get(id)).status).toBe('failed');
    await bench.state.executions.retry('local', id);
    expect(await states(bench, id)).toEqual(['ready']);
    process.engine.start({ tenant: 'local', id, priority: 0 });
    expect(await states(bench, id)).toEqual(['in_progress']);
    for (const call of ['tool/1.1', 'tool/1.2', 'model/2']) await bench.end(`tester/${call}`);
    expect(await states(bench, id)).toEqual(['completed']);
    expect(bench.bodies.begun.filter((key) => key === 'tester/model/1')).toHaveLength(1);
  });

  it('fails when its execution fails of something else, and is cancelled with it', async () => {
    await using bench = open();
    const both = defineWorkflow({
      name: 'both',
      run: ({ squad, step }) => Promise.all([squad.ask('tester', 'Test it'), step.run('b', bench.bodies.body('b'))]),
    });
    const { process } = bench.start([both]);
    const failing = await process.submit('both', inSquad);
    await bench.fail('b', new NonRetryableError('No'));
    expect(await states(bench, failing)).toEqual(['failed: its execution failed']);
    const cancelled = await process.submit('both', inSquad);
    await bench.quiet();
    await process.run(cancelled).cancel();
    expect(await states(bench, cancelled)).toEqual(['cancelled: its execution was cancelled']);
  });

  it('is cancelled when the execution was completed without it', async () => {
    await using bench = open();
    const { process } = bench.start([
      defineWorkflow({
        name: 'racing',
        run: ({ squad, step }) =>
          Promise.race([squad.ask('tester', 'Test it').then(() => 'asked'), step.run('b', bench.bodies.body('b'))]),
      }),
    ]);
    const id = await process.submit('racing', inSquad);
    await bench.end('b');
    expect(await states(bench, id)).toEqual(['cancelled: its execution was completed without it']);
  });
});

describe('a call that a crash cut off', () => {
  it('is settled at its reservation, marked as estimated, and made again under the same key', async () => {
    await using bench = open();
    const first = bench.start([simple]);
    const id = await first.process.submit('simple', inSquad);
    await bench.quiet();
    const lost = bench.bodies.get('tester/model/1').attempt;
    first.life.end();
    const second = bench.start([simple]);
    await second.process.resume();
    await bench.quiet();
    const again = bench.bodies.get('tester/model/1').attempt;
    expect([lost.idempotencyKey, again.idempotencyKey]).toEqual([`${id}/tester/model/1`, `${id}/tester/model/1`]);
    expect([lost.number, again.number]).toEqual([1, 2]);
    await bench.end('tester/model/1', 'Tested.');
    expect(await second.process.result(id)).toEqual({ status: 'completed', output: 'Tested.' });
    const records = await bench.steps(id);
    expect(records.map(({ phase, attempt, usage, error }) => [phase, attempt, usage, error?.code])).toEqual([
      ['intent', 1, null, undefined],
      ['failed', 1, callReservation, 'IN_DOUBT'],
      ['intent', 2, null, undefined],
      ['completed', 2, callUsage, undefined],
    ]);
    const { usage } = await bench.get(id);
    expect(usage).toMatchObject({
      modelCalls: 2,
      estimatedCalls: 1,
      costMicroUsd: callUsage.costMicroUsd + callReservation.costMicroUsd,
    });
  });

  it('is settled in the same way when its time was up', async () => {
    await using bench = open();
    const { process } = bench.start([simple]);
    const id = await process.submit('simple', inSquad);
    await bench.quiet();
    await bench.pass(3_600_000);
    await bench.pass(8_000);
    await bench.end('tester/model/1', 'Tested.');
    expect((await bench.steps(id)).map(({ phase, usage, error }) => [phase, usage, error?.code])).toEqual([
      ['intent', null, undefined],
      ['failed', callReservation, 'STEP_TIMEOUT'],
      ['intent', null, undefined],
      ['completed', callUsage, undefined],
    ]);
    expect((await bench.get(id)).usage).toMatchObject({ modelCalls: 2, estimatedCalls: 1 });
  });

  it('says the ask once: the message is committed with the first intent only', async () => {
    await using bench = open();
    const first = bench.start([simple]);
    const id = await first.process.submit('simple', inSquad);
    await bench.quiet();
    first.life.end();
    const second = bench.start([simple]);
    await second.process.resume();
    await bench.end('tester/model/1', 'Tested.');
    const messages = await second.process.run(id).messages();
    expect(messages.map(({ message: { kind, text } }) => `${kind}: ${text}`)).toEqual([
      'ask: Test it',
      'answer: Tested.',
    ]);
  });

  it('does not use up its retries', async () => {
    await using bench = open();
    let now = bench.start([simple]);
    const id = await now.process.submit('simple', inSquad);
    for (let crash = 0; crash < 6; crash++) {
      await bench.quiet();
      now.life.end();
      now = bench.start([simple]);
      await now.process.resume();
    }
    for (let attempt = 1; attempt <= 4; attempt++) {
      await bench.fail('tester/model/1', new Error(`attempt ${attempt}`));
      await bench.pass(8_000);
    }
    await bench.end('tester/model/1', 'At last.');
    expect(await now.process.result(id)).toEqual({ status: 'completed', output: 'At last.' });
  });
});

describe('asking', () => {
  it('without a squad, or a role that the squad has not, is refused', async () => {
    await using bench = open();
    const nobody = defineWorkflow({ name: 'nobody', run: ({ squad }) => squad.ask('astronaut', 'Fly') });
    const { process } = bench.start([simple, nobody]);
    const without = await process.submit('simple');
    expect(await process.result(without)).toMatchObject({ error: { code: 'UNKNOWN_SQUAD' } });
    const id = await process.submit('nobody', inSquad);
    expect(await process.result(id)).toMatchObject({ error: { code: 'UNKNOWN_ROLE', details: { role: 'astronaut' } } });
  });

  it('fails after its last attempt with the cause of the last failure', async () => {
    await using bench = open();
    const { process } = bench.start([simple]);
    const id = await process.submit('simple', inSquad);
    for (let attempt = 1; attempt <= 5; attempt++) {
      await bench.fail('tester/model/1', new Error(`attempt ${attempt}`, { cause: new Error('the network') }));
      await bench.pass(8_000);
    }
    expect(await process.result(id)).toMatchObject({
      status: 'failed',
      error: { message: 'attempt 5', cause: { message: 'the network' } },
    });
  });
});
