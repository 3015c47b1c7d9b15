import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { sharedWorkbench } from '../support/workbench.ts';

const open = sharedWorkbench();

describe('a result', () => {
  it('that is too large fails the step at once with RESULT_TOO_LARGE', async () => {
    await using bench = open();
    const { process } = bench.start(
      [defineWorkflow({ name: 'large', run: ({ step }) => step.run('a', () => 'ä'.repeat(600)) })],
      { limits: { maxResultBytes: 1_000 } },
    );
    expect(await process.result(await process.submit('large'))).toMatchObject({
      status: 'failed',
      error: { code: 'RESULT_TOO_LARGE', details: { bytes: 1_202, maxBytes: 1_000 } },
    });
  });

  it('of a workflow that is too large fails it, and so does one that does not match its schema', async () => {
    await using bench = open();
    const { process } = bench.start(
      [
        defineWorkflow({ name: 'large', run: () => 'x'.repeat(2_000) }),
        defineWorkflow({ name: 'wrong', output: z.object({ n: z.number() }), run: () => ({ n: 'one' }) as never }),
      ],
      { limits: { maxResultBytes: 1_000 } },
    );
    const codes = await Promise.all(['large', 'wrong'].map(async (name) => process.result(await process.submit(name))));
    expect(codes).toMatchObject([{ error: { code: 'RESULT_TOO_LARGE' } }, { error: { code: 'WORKFLOW_FAILED' } }]);
  });

  it.each([
    ['BigInt', 1n],
    ['function', () => 1],
    ['Map', new Map()],
    ['nested Set', { deep: [new Set()] }],
  ])('that is no JSON (%s) is NOT_SERIALIZABLE, of a step as of a workflow', async (_, value) => {
    await using bench = open();
    const { process } = bench.start([
      defineWorkflow({ name: 'step', run: ({ step }) => step.run('a', (): unknown => value) }),
      defineWorkflow({ name: 'output', run: (): unknown => value }),
    ]);
    for (const name of ['step', 'output']) {
      const outcome = await process.result(await process.submit(name));
      expect(outcome).toMatchObject({ status: 'failed', error: { code: 'NOT_SERIALIZABLE' } });
    }
  });

  it('comes to the workflow as a replay will see it, also in the first run', async () => {
    await using bench = open();
    const seen: unknown[] = [];
    const workflow = defineWorkflow({
      name: 'dates',
      run: async ({ step }) => {
        seen.push(await step.run('date', () => ({ at: new Date(0), none: undefined, list: [undefined, Number.NaN] })));
        for (const [name, value] of [
          ['undefined', undefined],
          ['NaN', Number.NaN],
          ['-0', -0],
          ['text', '\ud800'],
        ] as const)
          seen.push(await step.run(name, () => value));
        return step.run('last', bench.bodies.body('last'));
      },
    });
    const first = bench.start([workflow]);
    await first.process.submit('dates');
    await bench.quiet();
    first.life.end();
    const second = bench.start([workflow]);
    await second.process.resume();
    await bench.quiet();
    const asJson = [{ at: '1970-01-01T00:00:00.000Z', list: [null, null] }, null, null, 0, '\ud800'];
    expect(seen).toEqual([...asJson, ...asJson]);
    expect(seen[0]).not.toHaveProperty('none');
  });
});

describe('the number of steps', () => {
  it('is limited: the one too many is TOO_MANY_STEPS', async () => {
    await using bench = open();
    const { process } = bench.start(
      [
        defineWorkflow({
          name: 'endless',
          run: async ({ step }) => {
            for (let round = 1; ; round++) await step.run(`round-${round}`, () => round);
          },
        }),
      ],
      { limits: { maxSteps: 7 } },
    );
    const id = await process.submit('endless');
    expect(await process.result(id)).toMatchObject({
      status: 'failed',
      error: { code: 'TOO_MANY_STEPS', details: { maxSteps: 7 } },
    });
    expect(await bench.steps(id)).toHaveLength(7);
  });
});

describe('the journal', () => {
  it('is limited: what comes after it is full is JOURNAL_TOO_LARGE', async () => {
    await using bench = open();
    const { process } = bench.start(
      [
        defineWorkflow({
          name: 'talkative',
          run: async ({ step }) => {
            for (let round = 1; ; round++) await step.run(`round-${round}`, () => 'x'.repeat(1_000));
          },
        }),
      ],
      { limits: { maxJournalBytes: 3_500 } },
    );
    const id = await process.submit('talkative');
    expect(await process.result(id)).toMatchObject({ status: 'failed', error: { code: 'JOURNAL_TOO_LARGE' } });
    expect(await bench.steps(id)).toHaveLength(4);
  });

  it('that is full refuses new steps in a replay, and none that it holds', async () => {
    await using bench = open();
    const { process } = bench.start(
      [
        defineWorkflow({
          name: 'full',
          run: async ({ step }) => {
            const go = step.waitFor('go');
            const lengths: number[] = [];
            for (const name of ['a', 'b', 'c']) {
              const text = await step.run(name, () => 'x'.repeat(1_000));
              lengths.push(text.length);
            }
            await go;
            return [...lengths, await step.run('new', () => 'x').catch(({ code }) => code as string)];
          },
        }),
      ],
      { limits: { maxJournalBytes: 2_500 } },
    );
    const id = await process.submit('full');
    expect((await bench.get(id)).status).toBe('waiting');
    await process.run(id).signal('go');
    expect(await process.result(id)).toEqual({
      status: 'completed',
      output: [1_000, 1_000, 1_000, 'JOURNAL_TOO_LARGE'],
    });
  });
});
