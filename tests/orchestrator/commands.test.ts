import { describe, expect, it } from 'vitest';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
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
