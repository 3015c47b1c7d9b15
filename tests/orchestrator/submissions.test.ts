import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { SubmitRequest } from '../../src/orchestrator/submissions.ts';
import { WorkflowRegistry } from '../../src/orchestrator/workflow-registry.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { sharedWorkbench } from '../support/workbench.ts';
import type { Workbench } from '../support/workbench.ts';

const open = sharedWorkbench();
const typed = defineWorkflow({
  name: 'typed',
  input: z.object({ n: z.number(), label: z.string().default('none') }),
  run: ({ input }) => input,
});
const free = defineWorkflow({ name: 'free', run: ({ input, execution }) => ({ input, ...execution }) });
const working = ({ bodies }: Workbench) =>
  defineWorkflow({ name: 'working', run: ({ step }) => step.run('work', bodies.body('work')) });

describe('a submission', () => {
  it('gives the workflow its input as the schema makes it, or as it is', async () => {
    await using bench = open();
    const { process } = bench.start([typed, free]);
    const first = await process.submit('typed', { input: { n: 1 } });
    expect(await process.result(first)).toEqual({ status: 'completed', output: { n: 1, label: 'none' } });
    const second = await process.submit('free', { input: [1, null, 'x'] });
    expect(await process.result(second)).toEqual({
      status: 'completed',
      output: { input: [1, null, 'x'], id: second, tenant: 'local' },
    });
    const third = await process.submit('free', { message: 'Please' });
    expect(await process.result(third)).toMatchObject({ output: { input: { message: 'Please' } } });
    expect((await process.run(third).messages()).map(({ message: { text } }) => text)).toEqual(['Please']);
  });

  it('has its message as the first one, also when it came as the input', async () => {
    await using bench = open();
    const { process } = bench.start([free]);
    const textsOf = async (input: unknown) => {
      const id = await process.submit('free', { input });
      return (await process.run(id).messages()).map(({ message: { kind, text } }) => [kind, text]);
    };
    expect(await textsOf({ message: 'Please' })).toEqual([['request', 'Please']]);
    expect(await textsOf({ message: 'Please', rounds: 3 })).toEqual([['request', 'Please']]);
    expect(await textsOf({ message: 7 })).toEqual([]);
    expect(await textsOf('Please')).toEqual([]);
  });

  it.each<[string, SubmitRequest, string]>([
    ['without input and message', {}, 'INVALID_INPUT'],
    ['with input and message', { input: 1, message: 'x' }, 'INVALID_INPUT'],
    ['with an empty message', { message: ' \n' }, 'INVALID_INPUT'],
    ['with an unknown field', { input: 1, colour: 'red' } as SubmitRequest, 'INVALID_INPUT'],
    ['with a priority of 101', { input: 1, priority: 101 }, 'INVALID_INPUT'],
    ['with a priority of 1.5', { input: 1, priority: 1.5 }, 'INVALID_INPUT'],
    ['with an empty idempotency key', { input: 1, idempotencyKey: '' }, 'INVALID_INPUT'],
    ['with an idempotency key of 256 characters', { input: 1, idempotencyKey: 'x'.repeat(256) }, 'INVALID_INPUT'],
    ['with a squad that does not exist', { input: 1, squad: 'nobody' }, 'UNKNOWN_SQUAD'],
    ['with too much input', { input: 'x'.repeat(1024 * 1024) }, 'PAYLOAD_TOO_LARGE'],
    ['with too much metadata', { input: 1, metadata: 'x'.repeat(1024 * 1024) }, 'PAYLOAD_TOO_LARGE'],
    ['with input that is no JSON', { input: 1n }, 'NOT_SERIALIZABLE'],
  ])('%s is refused, and nothing is stored', async (_, request, code) => {
    await using bench = open();
    const { process } = bench.start([free], { tenant: `refused-${code}` });
    await expect(process.submit('free', request)).rejects.toMatchObject({ code });
    expect(await bench.state.reports.list(`refused-${code}`, { limit: 1 })).toEqual([]);
    expect(process.engine.statistics().running).toBe(0);
  });

  it('names everything that does not fit the schema', async () => {
    await using bench = open();
    const { process } = bench.start([typed]);
    await expect(process.submit('typed', { input: { n: 'one', label: 2 } })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { problems: [{ path: 'n' }, { path: 'label' }] },
    });
  });

  it('is refused by name and by object when its workflow is not registered', async () => {
    await using bench = open();
    const { process } = bench.start([free]);
    await expect(process.submit('other')).rejects.toMatchObject({ code: 'UNKNOWN_WORKFLOW' });
    const namesake = defineWorkflow({ name: 'free', run: () => 'another' });
    await expect(process.submit(namesake)).rejects.toMatchObject({ code: 'UNKNOWN_WORKFLOW' });
  });

  it('pins the version of its squad', async () => {
    await using bench = open();
    const seen: string[] = [];
    const { process } = bench.start([
      defineWorkflow({
        name: 'members',
        run: async ({ squad, step }) => {
          await step.waitFor('go');
          seen.push(squad.members.map(({ name }) => name).join(', '));
        },
      }),
    ]);
    const squads = process.squads;
    const squad = await squads.create('local', { name: 'pinned', members: [{ role: 'tester', name: 'Ada' }] });
    const first = await process.submit('members', { input: {}, squad: 'pinned' });
    const grace = { role: 'tester', name: 'Grace' };
    await squads.change('local', squad, { change: 'add-member', member: grace });
    const second = await process.submit('members', { input: {}, squad: squad.id });
    for (const id of [first, second]) {
      await process.run(id).signal('go');
      await process.result(id);
    }
    expect(seen).toEqual(['Ada', 'Ada, Grace']);
  });
});

describe('the gate', () => {
  it('holds a burst to its limit: what is on its way to the queue counts', async () => {
    await using bench = open();
    const { process } = bench.start([working(bench)], { maxConcurrentExecutions: 1, maxQueuedExecutions: 5 });
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => process.submit('working')));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(6);
    await bench.quiet();
    expect(process.engine.statistics()).toMatchObject({ running: 1, queued: 5 });
    await bench.end('work');
    expect(await process.submit('working')).toBeTypeOf('string');
  });
});

describe('the registry', () => {
  it('refuses two workflows of one name, those that come with Squadra included', () => {
    expect(() => new WorkflowRegistry([free, defineWorkflow({ name: 'free', run: () => 1 })] as never)).toThrow(
      expect.objectContaining({ code: 'NAME_TAKEN' }),
    );
    const pipeline = defineWorkflow({ name: 'pipeline', run: () => 1 });
    expect(() => new WorkflowRegistry([pipeline])).toThrow(expect.objectContaining({ code: 'NAME_TAKEN' }));
  });

  it.each(['', 'has space', '-dash', 'x'.repeat(101), 'ü'])('refuses %j as the name of a workflow', (name) => {
    expect(() => defineWorkflow({ name, run: () => 1 })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });
});
