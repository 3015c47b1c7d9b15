import { describe, expect, it, vi } from 'vitest';
import type { InboxCommand, InboxReply } from '../../src/work/inbox.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { NonRetryableError } from '../../src/kernel/errors.ts';
import type { Assembly } from '../support/assembly.ts';
import { sharedWorkbench } from '../support/workbench.ts';

const open = sharedWorkbench();

describe('approving by name', () => {
  const twoQuestions = defineWorkflow({
    name: 'two-questions',
    run: ({ step }) =>
      Promise.all(['left', 'right'].map((side) => step.scope(side, (inner) => inner.approve('ship', { title: side })))),
  });

  it('asks which one is meant when several steps of that name wait', async () => {
    await using bench = open();
    const { process } = bench.start([twoQuestions]);
    const id = await process.submit('two-questions');
    await bench.quiet();
    const run = process.run(id);
    await expect(run.approve('ship', { choice: 'approve' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/'left\/ship' or 'right\/ship'|'right\/ship' or 'left\/ship'/),
    });
    await run.approve('left/ship', { choice: 'approve' });
    // One is left, so its name says enough.
    await run.approve('ship', { choice: 'reject', comment: 'Not today' });
    expect(await process.result(id)).toMatchObject({
      output: [{ choice: 'approve' }, { choice: 'reject', comment: 'Not today' }],
    });
  });

  it('names those there are when there is none of that name', async () => {
    await using bench = open();
    const { process } = bench.start([twoQuestions]);
    const id = await process.submit('two-questions');
    await bench.quiet();
    await expect(process.run(id).approve('launch', { choice: 'approve' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining("'left/ship'"),
    });
  });
});

describe('a signal', () => {
  const waiter = defineWorkflow({ name: 'waiter', run: ({ step }) => step.waitFor('go') });

  it.each([
    ['without a name', '', {}, 'INVALID_INPUT'],
    ['with a name of 201 characters', 'x'.repeat(201), {}, 'INVALID_INPUT'],
    ['with a payload that is too large', 'go', 'x'.repeat(1024 * 1024), 'PAYLOAD_TOO_LARGE'],
    ['with a payload that is no JSON', 'go', new Map(), 'NOT_SERIALIZABLE'],
  ])('%s is refused', async (_, name, payload, code) => {
    await using bench = open();
    const { process } = bench.start([waiter]);
    const id = await process.submit('waiter');
    await expect(process.run(id).signal(name, payload)).rejects.toMatchObject({ code });
    expect((await bench.get(id)).status).toBe('waiting');
  });

  it('without a payload carries null', async () => {
    await using bench = open();
    const { process } = bench.start([waiter]);
    const id = await process.submit('waiter');
    await process.run(id).signal('go');
    expect(await process.result(id)).toMatchObject({ output: { payload: null, timedOut: false } });
  });
});

describe('a command for an execution that is not there', () => {
  it('is NOT_FOUND, and so is one for that of another tenant', async () => {
    await using bench = open();
    const waiter = defineWorkflow({ name: 'waiter', run: ({ step }) => step.waitFor('go') });
    const { process } = bench.start([waiter]);
    const id = await process.submit('waiter');
    const stranger = bench.start([waiter], { tenant: 'stranger' }).process;
    const missing = { code: 'NOT_FOUND' };
    for (const run of [stranger.run(id), process.run('00000000-0000-7000-8000-000000000000')]) {
      await expect(run.get()).rejects.toMatchObject(missing);
      await expect(run.start()).rejects.toMatchObject(missing);
      await expect(run.cancel()).rejects.toMatchObject(missing);
      await expect(run.retry()).rejects.toMatchObject(missing);
      await expect(run.signal('go')).rejects.toMatchObject(missing);
      await expect(run.approve('x', { choice: 'approve' })).rejects.toMatchObject(missing);
      await expect(run.result()).rejects.toMatchObject(missing);
    }
    expect((await bench.get(id)).status).toBe('waiting');
  });
});

describe('a command that a new owner applies again', () => {
  /** Takes commands as the owner of a state does that did not live to answer: each twice. */
  function takingTwice(process: Assembly): (command: Omit<InboxCommand, 'tenant'>) => Promise<InboxReply[]> {
    return async (command) => {
      const first = await process.inbox.take({ ...command, tenant: 'local' });
      return [first, await process.inbox.take({ ...command, tenant: 'local' })];
    };
  }
  const rounds = defineWorkflow({
    name: 'rounds',
    run: async ({ step }) => {
      const first = await step.scope('one', (inner) => inner.approve('ship', { title: 'One' }));
      return [first, await step.scope('two', (inner) => inner.approve('ship', { title: 'Two' }))];
    },
  });

  it('answers the approval it answered, and not the next one of the same name', async () => {
    await using bench = open();
    const { process } = bench.start([rounds]);
    const id = await process.submit('rounds', { input: {}, priority: 7 });
    await bench.quiet();
    const wake = vi.spyOn(process.engine, 'wake');
    const take = takingTwice(process);
    const body = { id, name: 'ship', choice: 'approve', by: 'Ada' };
    const replies = await take({ id: 'c1', name: 'approve', body });
    expect(wake).toHaveBeenCalledWith(expect.objectContaining({ id, priority: 7 }));
    for (const reply of replies)
      expect(reply).toMatchObject({ ok: true, value: { stepKey: 'one/ship', choice: 'approve', by: 'Ada' } });
    await bench.quiet();
    expect((await bench.get(id)).status).toBe('waiting');
    const [late] = await take({ id: 'c2', name: 'approve', body: { ...body, name: 'one/ship' } });
    expect(late).toMatchObject({ ok: false, error: { code: 'ALREADY_ANSWERED' } });
    await take({ id: 'c3', name: 'approve', body: { ...body, choice: 'reject' } });
    expect(await process.result(id)).toMatchObject({ output: [{ choice: 'approve' }, { choice: 'reject' }] });
  });

  it('starts, retries and signals as the first time, whatever has become of the execution', async () => {
    await using bench = open();
    let isBroken = true;
    const fragile = defineWorkflow({
      name: 'fragile',
      run: async ({ step }) => {
        await step.waitFor('go');
        if (isBroken) throw new NonRetryableError('Broken.');
      },
    });
    const { process } = bench.start([fragile]);
    const id = await process.submit('fragile', { input: {}, start: false });
    const take = takingTwice(process);
    const queued = { ok: true, value: { status: 'queued' } };
    const again = async (command: Omit<InboxCommand, 'tenant'>) => (await take(command)).at(-1);
    const start = { id: 's', name: 'start', body: { id } } as const;
    const signal = { id: 'g', name: 'signal', body: { id, name: 'go', payload: 1 } } as const;
    const retry = { id: 'r', name: 'retry', body: { id } } as const;
    expect(await take(start)).toMatchObject([queued, queued]);
    await bench.quiet();
    expect(await again(signal)).toMatchObject({ ok: true });
    await bench.quiet();
    expect((await bench.get(id)).status).toBe('failed');
    expect(await again(signal)).toMatchObject({ ok: true, value: { changed: false } });
    isBroken = false;
    expect(await take(retry)).toMatchObject([queued, queued]);
    await bench.quiet();
    expect((await bench.get(id)).status).toBe('completed');
    for (const command of [start, retry]) expect(await take(command)).toMatchObject([queued, queued]);
    await bench.quiet();
    expect((await bench.get(id)).status).toBe('completed');
    const [other] = await take({ ...retry, id: 'other' });
    expect(other).toMatchObject({ ok: false, error: { code: 'ILLEGAL_TRANSITION' } });
  });
});
