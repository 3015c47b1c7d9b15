import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSquadraIn } from '../../../src/compose.ts';
import { readSettings } from '../../../src/config/settings.ts';
import { SquadraError } from '../../../src/kernel/errors.ts';
import type { Squadra } from '../../../src/orchestrator/squadra.ts';
import { scriptedModel } from '../../../src/testing/scripted-model.ts';
import type { Script } from '../../../src/testing/scripted-model.ts';
import type { ConvoyItemInput, ConvoyResult } from '../../../src/work/convoy-request.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import type { AnyWorkflow } from '../../../src/workflows/workflow.ts';
import { temporaryFolder } from '../../work/sqlite/open-state.ts';

const members = [{ role: 'tester', provider: 'script', model: 'm' }];
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

async function open(script: Script, workflows: readonly AnyWorkflow[] = []) {
  const model = scriptedModel(script);
  const squadra = await openSquadraIn(
    {
      stateDir: folder.path,
      settings: { agentRateLimitPerMinute: 0 },
      models: { script: model.asProvider() },
      squads: [{ name: 'crew', members }],
      workflows,
    },
    { readSettings: (overrides) => readSettings({}, overrides) },
  );
  return { squadra, model };
}

const item = (
  key: string,
  dependsOn: readonly string[] = [],
  more: Partial<ConvoyItemInput> = {},
): ConvoyItemInput => ({
  key,
  role: 'tester',
  message: `Do ${key}.`,
  dependsOn,
  ...more,
});
const run = async (squadra: Squadra, items: readonly ConvoyItemInput[], options = {}): Promise<ConvoyResult> => {
  const { id } = await squadra.convoys.create({ squad: 'crew', items, ...options });
  return squadra.convoys.result(id);
};
const statuses = ({ items }: ConvoyResult): Record<string, string> =>
  Object.fromEntries(items.map(({ key, status }) => [key, status]));
const refusal = async (promise: Promise<unknown>): Promise<SquadraError> => {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof SquadraError) return error;
  throw new Error(`Not refused: ${String(error)}`);
};
const answers: Script = ({ text }) => ({ text: `Done: ${text.split('\n')[0]}` });
/** Fails for good at once: what a provider refuses is not tried again. */
const failing =
  (...keys: readonly string[]): Script =>
  ({ text }) =>
    keys.some((key) => text.startsWith(`Do ${key}.`))
      ? { fail: { status: 400, message: 'no such thing' } }
      : { text: 'Done.' };

describe('a convoy', () => {
  it('does every item in the order of its dependencies, each as an execution of its own, and passes on results', async () => {
    const { squadra, model } = await open(answers);
    await using _ = squadra;
    const result = await run(squadra, [item('c', ['a', 'b']), item('a'), item('b', ['a'])]);
    expect(result).toMatchObject({ status: 'completed', reason: null });
    expect(result.items.map(({ key, text }) => [key, text])).toEqual([
      ['c', 'Done: Do c.'],
      ['a', 'Done: Do a.'],
      ['b', 'Done: Do b.'],
    ]);
    expect(model.calls.map(({ text }) => text.split('\n')[0])).toEqual(['Do a.', 'Do b.', 'Do c.']);
    expect(model.calls[2]?.text).toContain("# Result of 'a'\n\nDone: Do a.");
    const executions = await squadra.list({ workflow: 'task' });
    expect(new Set(executions.items.map(({ id }) => id))).toEqual(
      new Set(result.items.map(({ executionId }) => executionId)),
    );
  });

  it('ends partial when some fail: what depends on them is cancelled, and says whose failure it was', async () => {
    const { squadra } = await open(failing('b'));
    await using _ = squadra;
    const result = await run(squadra, [item('a'), item('b'), item('c', ['b']), item('d', ['c']), item('e', ['a'])]);
    expect(result.status).toBe('partial');
    expect(statuses(result)).toEqual({ a: 'completed', b: 'failed', c: 'cancelled', d: 'cancelled', e: 'completed' });
    expect(result.reason).toMatch(/^1 of 5 items failed: 'b' \(.*no such thing.*\); 2 were cancelled because of that$/);
    const [, , c, d] = result.items;
    expect(c?.reason).toBe("it depends on 'b', which failed");
    expect(d?.reason).toBe("it depends on 'c', which was cancelled because 'b' failed");
  });

  it('ends failed when nothing was completed', async () => {
    const { squadra } = await open(failing('a'));
    await using _ = squadra;
    expect(await run(squadra, [item('a'), item('b', ['a'])])).toMatchObject({ status: 'failed' });
  });

  it('begins nothing more after the first failure when it is to stop there; what runs comes to its end', async () => {
    const { squadra, model } = await open(failing('b'));
    await using _ = squadra;
    const items = ['a', 'b', 'c', 'd'].map((key) => item(key));
    const result = await run(squadra, items, { stopOnFirstFailure: true, parallelism: 1 });
    expect(result.status).toBe('failed');
    expect(statuses(result)).toEqual({ a: 'completed', b: 'failed', c: 'cancelled', d: 'cancelled' });
    expect(result.items[3]?.reason).toBe("the convoy stops at the first failure: 'b' failed");
    expect(model.calls).toHaveLength(2);
  });

  it('does again what failed and what was cancelled for it, and nothing that is completed', async () => {
    let isBroken = true;
    const { squadra, model } = await open((call) =>
      isBroken && call.text.startsWith('Do b.') ? { fail: { status: 400 } } : { text: 'Done.' },
    );
    await using _ = squadra;
    const first = await run(squadra, [item('a'), item('b', ['a']), item('c', ['b'])]);
    expect(statuses(first)).toEqual({ a: 'completed', b: 'failed', c: 'cancelled' });
    isBroken = false;
    await squadra.convoys.retry(first.id);
    const again = await squadra.convoys.result(first.id);
    expect(again.status).toBe('completed');
    expect(model.calls.map(({ text }) => text.split('\n')[0])).toEqual(['Do a.', 'Do b.', 'Do b.', 'Do c.']);
    expect(again.items[0]?.executionId).toBe(first.items[0]?.executionId);
    expect(await refusal(squadra.convoys.retry(first.id))).toMatchObject({
      code: 'ILLEGAL_TRANSITION',
      details: { convoyStatus: 'completed' },
    });
  });

  it('cancels with what it has running, down to the call in flight', async () => {
    const { promise: called, resolve } = Promise.withResolvers<AbortSignal | undefined>();
    const { squadra } = await open((call) => {
      resolve(call.options.abortSignal);
      return new Promise(() => {});
    });
    await using _ = squadra;
    const { id } = await squadra.convoys.create({ squad: 'crew', items: [item('a'), item('b', ['a'])] });
    const signal = await called;
    expect(await squadra.convoys.cancel(id, 'not needed')).toBe(true);
    expect(signal?.aborted).toBe(true);
    const result = await squadra.convoys.result(id);
    expect(result).toMatchObject({ status: 'cancelled', reason: 'not needed' });
    expect(statuses(result)).toEqual({ a: 'cancelled', b: 'cancelled' });
    const child = await squadra.run(result.items[0]?.executionId ?? '').get();
    expect(child.status).toBe('cancelled');
    expect(await squadra.convoys.cancel(id)).toBe(false);
  });

  it('fails when it is out of time: what runs is aborted', async () => {
    const { squadra } = await open(({ text }) => (text.startsWith('Do a.') ? 'Done.' : new Promise(() => {})));
    await using _ = squadra;
    const result = await run(squadra, [item('a'), item('b', ['a']), item('c', ['b'])], { timeout: '300ms' });
    expect(result).toMatchObject({ status: 'failed', reason: 'the convoy was out of time after 300 ms' });
    expect(statuses(result)).toEqual({ a: 'completed', b: 'failed', c: 'cancelled' });
  });

  it('is refused with what is wrong, by name', async () => {
    const { squadra } = await open(answers);
    await using _ = squadra;
    const create = (items: readonly ConvoyItemInput[], options = {}) =>
      refusal(squadra.convoys.create({ squad: 'crew', items, ...options }));
    expect(await create([item('a'), item('a')])).toMatchObject({
      code: 'INVALID_INPUT',
      details: { key: 'a', problems: [{ path: 'items.1' }] },
    });
    expect(await create([item('a', ['x'])])).toMatchObject({
      code: 'UNKNOWN_DEPENDENCY',
      details: { dependency: 'x', problems: [{ path: 'items.0' }] },
    });
    expect(await create([item('a', ['b']), item('b', ['c']), item('c', ['b'])])).toMatchObject({
      code: 'DEPENDENCY_CYCLE',
      details: { keys: ['b', 'c', 'b'], problems: [{ path: 'items.1' }, { path: 'items.2' }] },
    });
    expect(await create([item('a', [], { role: 'pilot' })])).toMatchObject({
      code: 'UNKNOWN_ROLE',
      details: { role: 'pilot' },
    });
    expect(await create([])).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await create([item('a')], { parallelism: 0 })).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await create([item('a')], { cpuThreshold: 101 })).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await create([item('a')], { baselineParallelism: 9, maxParallelism: 8 })).toMatchObject({
      code: 'INVALID_INPUT',
    });
    expect((await squadra.convoys.list()).items).toEqual([]);
  });

  it('keeps to its parallelism', async () => {
    let [running, most] = [0, 0];
    const { squadra } = await open(async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return 'Done.';
    });
    await using _ = squadra;
    const items = Array.from({ length: 20 }, (__, n) => item(`i${n}`));
    expect((await run(squadra, items, { parallelism: 3 })).status).toBe('completed');
    expect(most).toBe(3);
  });

  it("does not let one tenant's thousand starve another tenant's one", async () => {
    const order: string[] = [];
    const full = Promise.withResolvers<void>();
    const { promise: submitted, resolve: begin } = Promise.withResolvers<void>();
    const { squadra } = await open(async ({ text }) => {
      order.push(text);
      if (order.length === 20) full.resolve();
      await submitted;
      return 'Done.';
    });
    await using _ = squadra;
    const squad = { name: 'crew', members };
    const [a, b] = [squadra.forTenant('a'), squadra.forTenant('b')];
    await Promise.all([a.squads.create(squad), b.squads.create(squad)]);
    const many = Array.from({ length: 10 }, (__, each) =>
      a.convoys.create({ squad: 'crew', items: Array.from({ length: 100 }, (___, n) => item(`${each}-${n}`)) }),
    );
    await Promise.all(many);
    await full.promise;
    const one = await b.convoys.create({ squad: 'crew', items: [item('only')] });
    const before = order.length;
    begin();
    await b.convoys.result(one.id);
    const { places } = squadra.statistics().starts.advice;
    expect(order.indexOf('Do only.') - before).toBeLessThanOrEqual(places + 1);
  });

  it('keeps its items from being changed by hand, and its children from being retried alone', async () => {
    const { squadra } = await open(failing('a'));
    await using _ = squadra;
    const { id, items } = await run(squadra, [item('a')]);
    const [own] = (await squadra.workItems.list({ convoyId: id })).items;
    expect(await refusal(squadra.workItems.update(own?.id ?? '', own?.version ?? 0, { title: 'Other' }))).toMatchObject(
      {
        code: 'ITEM_OWNED',
      },
    );
    expect(await refusal(squadra.run(items[0]?.executionId ?? '').retry())).toMatchObject({
      code: 'ILLEGAL_TRANSITION',
    });
  });
});

describe('squad.convoy', () => {
  it('makes the convoy, waits for its end, and gives what became of each item', async () => {
    const both = defineWorkflow({
      name: 'both',
      run: async ({ squad }) => {
        const { status, items } = await squad.convoy('parts', [item('a'), item('b', ['a'])]);
        return { status, texts: items.map(({ text }) => text) };
      },
    });
    const { squadra, model } = await open(answers, [both]);
    await using _ = squadra;
    const parent = await squadra.submit(both, { squad: 'crew', input: {} });
    expect(await parent.result()).toEqual({
      status: 'completed',
      output: { status: 'completed', texts: ['Done: Do a.', 'Done: Do b.'] },
    });
    expect(model.calls).toHaveLength(2);
    const [convoy] = (await squadra.convoys.list()).items;
    expect(convoy?.parent).toEqual({ executionId: parent.id, stepKey: 'parts' });
  });

  it('is cancelled with the execution that made it', async () => {
    const { promise: called, resolve } = Promise.withResolvers<void>();
    const waits = defineWorkflow({ name: 'waits', run: ({ squad }) => squad.convoy('parts', [item('a')]) });
    const { squadra } = await open(() => {
      resolve();
      return new Promise(() => {});
    }, [waits]);
    await using _ = squadra;
    const parent = await squadra.submit(waits, { squad: 'crew', input: {} });
    await called;
    const [convoy] = (await squadra.convoys.list()).items;
    await parent.cancel();
    const result = await squadra.convoys.result(convoy?.id ?? '');
    expect(result).toMatchObject({ status: 'cancelled', reason: 'the execution that made it was cancelled' });
  });
});
