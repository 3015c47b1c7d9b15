import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openSquadraIn } from '../../src/compose.ts';
import type { SettingOptions } from '../../src/config/settings.ts';
import { readSettings } from '../../src/config/settings.ts';
import type { Run } from '../../src/orchestrator/run-handle.ts';
import type { Squadra } from '../../src/orchestrator/squadra.ts';
import type { ScriptedAnswer } from '../../src/testing/scripted-answer.ts';
import { scriptedModel } from '../../src/testing/scripted-model.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import type { AnyWorkflow } from '../../src/workflows/workflow.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { auditBudgets } from '../support/budget-audit.ts';
import { temporaryFolder } from '../work/sqlite/open-state.ts';

/** What each call turns out to take: tokens, of which far more are reserved. */
const callTokens = 1_100;
const answered: ScriptedAnswer = { text: 'Tested.', usage: { inputTokens: 1_000, outputTokens: 100 } };
const ended = (): ScriptedAnswer => answered;

const once = defineWorkflow({
  name: 'once',
  run: ({ squad }) => squad.ask('tester', 'Test it.').then(({ text }) => text),
});
/** The same by another name: a process may lack it. */
const rare = defineWorkflow({ ...once, name: 'rare' });
/** So many calls side by side; tells how many of them were made. */
const wide = defineWorkflow({
  name: 'wide',
  input: z.object({ calls: z.number() }),
  async run({ squad, input }) {
    const names = Array.from({ length: input.calls }, (_, place) => `ask-${place}`);
    const asks = names.map((name) => squad.ask('tester', 'Test it.', { name }));
    return (await Promise.allSettled(asks)).filter(({ status }) => status === 'fulfilled').length;
  },
});

const day = { scope: 'tenant', id: 'local', period: 'day' } as const;

interface Life {
  readonly clock?: TestClock;
  readonly answer?: () => ScriptedAnswer | Promise<ScriptedAnswer>;
  readonly workflows?: readonly AnyWorkflow[];
  readonly settings?: SettingOptions;
}

function open(
  stateDir: string,
  { clock = new TestClock(), answer = ended, workflows = [once, rare, wide], settings = {} }: Life = {},
): Promise<Squadra> {
  return openSquadraIn(
    {
      stateDir,
      workflows,
      settings,
      squads: [{ name: 'crew', members: [{ role: 'tester', provider: 'own', model: 'any' }] }],
      models: { own: scriptedModel(answer).asProvider() },
    },
    { clock, readSettings: (overrides) => readSettings({}, overrides) },
  );
}

/** Answers when it is told to. */
function heldModel(): { readonly answer: () => Promise<ScriptedAnswer>; asked: Promise<void>; release(): void } {
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<ScriptedAnswer>()];
  return {
    answer: () => {
      asked.resolve();
      return answer.promise;
    },
    asked: asked.promise,
    release: () => answer.resolve(answered),
  };
}

/** Resolves when it waits; tells what for. */
async function waiting(squadra: Squadra, run: Run): Promise<string | null> {
  for await (const event of run.events()) if (event.event === 'status' && event.status === 'waiting') break;
  return (await squadra.describe(run.id)).reason;
}

/** What a call reserves: found by making one. */
let callReserves = 0;
beforeAll(async () => {
  await using folder = await temporaryFolder();
  await using squadra = await open(folder.path);
  const run = await squadra.submit(once, { input: {}, squad: 'crew' });
  for await (const event of run.events()) {
    if (event.event !== 'step' || event.phase !== 'intent') continue;
    const { reservation } = JSON.parse(event.details ?? '{}') as {
      reservation: { inputTokens: number; outputTokens: number };
    };
    callReserves = reservation.inputTokens + reservation.outputTokens;
  }
});

describe('a call that only calls in flight stand in the way of', () => {
  it('waits for them, parked and saying what for, then goes on', async () => {
    await using folder = await temporaryFolder();
    const { answer, asked, release } = heldModel();
    await using squadra = await open(folder.path, { answer });
    await squadra.budgets.set(day, { limitTokens: callReserves + callTokens });
    const first = await squadra.submit(once, { input: {}, squad: 'crew' });
    await asked;
    const second = await squadra.submit(once, { input: {}, squad: 'crew' });
    expect(await waiting(squadra, second)).toMatch(/reserved for calls in flight/);
    expect(squadra.statistics().budgets.waiting).toBe(1);
    release();
    for (const run of [first, second]) expect(await run.result()).toMatchObject({ status: 'completed' });
    expect((await squadra.describe(second.id)).reason).toBeNull();
    expect((await squadra.budgets.get(day)).spent.tokens).toBe(2 * callTokens);
  });

  it('meets the ceiling when what they spent leaves no room', async () => {
    await using folder = await temporaryFolder();
    const { answer, asked, release } = heldModel();
    await using squadra = await open(folder.path, { answer });
    await squadra.budgets.set(day, { limitTokens: callReserves + callTokens - 1 });
    const first = await squadra.submit(once, { input: {}, squad: 'crew' });
    await asked;
    const second = await squadra.submit(once, { input: {}, squad: 'crew' });
    await waiting(squadra, second);
    release();
    expect(await first.result()).toMatchObject({ status: 'completed' });
    expect(await second.result()).toMatchObject({ status: 'failed', error: { code: 'BUDGET_EXCEEDED' } });
  });

  it('waits for those of its own execution, too', async () => {
    await using folder = await temporaryFolder();
    await using squadra = await open(folder.path);
    const limitTokens = callReserves + 6 * callTokens;
    const run = await squadra.submit(wide, { input: { calls: 10 }, squad: 'crew', budget: { limitTokens } });
    expect(await run.result()).toEqual({ status: 'completed', output: 7 });
  });

  it('goes on when they are cancelled, and counts them at what they had reserved', async () => {
    await using folder = await temporaryFolder();
    const { answer, asked } = heldModel();
    let calls = 0;
    await using squadra = await open(folder.path, { answer: () => (++calls === 1 ? answer() : answered) });
    await squadra.budgets.set(day, { limitTokens: 2 * callReserves - 1 });
    const first = await squadra.submit(once, { input: {}, squad: 'crew' });
    await asked;
    const second = await squadra.submit(once, { input: {}, squad: 'crew' });
    await waiting(squadra, second);
    await squadra.budgets.set(day, { limitTokens: 2 * callReserves - 1, onExceeded: 'ask' });
    await first.cancel();
    // What was cancelled may be charged for, so now the ceiling is reached.
    for await (const event of second.events()) if (event.event === 'step' && event.type === 'approval') break;
    const { items } = await squadra.approvals.list({ executionId: second.id });
    await squadra.approvals.answer(items[0]?.id ?? '', { choice: 'raise', by: 'ada' });
    expect(await second.result()).toMatchObject({ status: 'completed' });
  });

  it('goes on when the ceiling is raised meanwhile', async () => {
    await using folder = await temporaryFolder();
    const { answer, asked, release } = heldModel();
    let calls = 0;
    await using squadra = await open(folder.path, { answer: () => (++calls === 1 ? answer() : answered) });
    await squadra.budgets.set(day, { limitTokens: 2 * callReserves - 1 });
    const first = await squadra.submit(once, { input: {}, squad: 'crew' });
    await asked;
    const second = await squadra.submit(once, { input: {}, squad: 'crew' });
    await waiting(squadra, second);
    await squadra.budgets.set(day, { limitTokens: 2 * callReserves });
    expect(await second.result()).toMatchObject({ status: 'completed' });
    release();
    expect(await first.result()).toMatchObject({ status: 'completed' });
  });
});

describe('after a process is gone whose call holds all the room', () => {
  const grace = { shutdownGrace: 0, maxConcurrentExecutions: 1 };

  /** Leaves `other` with a call in flight, and an older execution that is queued. */
  async function leave(stateDir: string, other: AnyWorkflow): Promise<readonly [older: string, holder: string]> {
    const { answer, asked } = heldModel();
    const clock = new TestClock();
    const squadra = await open(stateDir, { clock, answer, settings: grace });
    await squadra.budgets.set(day, { limitTokens: 2 * callReserves - 1 });
    const older = await squadra.submit(once, { input: {}, squad: 'crew', start: false });
    const holder = await squadra.submit(other as typeof once, { input: {}, squad: 'crew' });
    await asked;
    await older.start();
    const closing = squadra[Symbol.asyncDispose]();
    await clock.advance(1);
    await closing;
    return [older.id, holder.id];
  }

  it('who is in the only place makes it free for that one, which is settled at what it had reserved', async () => {
    await using folder = await temporaryFolder();
    const [older, holder] = await leave(folder.path, rare);
    await using squadra = await open(folder.path, { settings: grace });
    // What was lost counts in full, so neither fits any more: both are told.
    for (const id of [older, holder])
      expect(await squadra.run(id).result()).toMatchObject({ status: 'failed', error: { code: 'BUDGET_EXCEEDED' } });
    expect((await squadra.budgets.get(day)).spent.tokens).toBe(callReserves);
  });

  it('and is not gone on with here, who waits meets the ceiling once a call would be over', async () => {
    await using folder = await temporaryFolder();
    const [older] = await leave(folder.path, rare);
    const clock = new TestClock();
    await using squadra = await open(folder.path, { clock, settings: grace, workflows: [once] });
    const run = squadra.run(older);
    await waiting(squadra, run);
    await clock.jump(clock.now() + 20 * 3_600_000);
    expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'BUDGET_EXCEEDED' } });
  });
});

it('whatever waits for whatever, all ends, and all adds up', async () => {
  const budgetsOf = fc.record({
    day: fc.integer({ min: 1, max: 30 }),
    month: fc.integer({ min: 1, max: 30 }),
    user: fc.integer({ min: 1, max: 30 }),
    own: fc.option(fc.integer({ min: 1, max: 5 })),
  });
  const runsOf = fc.array(fc.record({ calls: fc.integer({ min: 1, max: 5 }), cancel: fc.boolean() }), {
    maxLength: 10,
  });
  await fc.assert(
    fc.asyncProperty(budgetsOf, runsOf, async (budgets, requests) => {
      await using folder = await temporaryFolder();
      await using squadra = await open(folder.path, { settings: { maxConcurrentExecutions: 4 } });
      const worth = (calls: number) => ({ limitTokens: callReserves + (calls - 1) * callTokens });
      await squadra.budgets.set(day, worth(budgets.day));
      await squadra.budgets.set({ scope: 'squad', id: 'crew', period: 'month' }, worth(budgets.month));
      await squadra.budgets.set({ scope: 'user', id: 'ada', period: 'day' }, worth(budgets.user));
      const ada = squadra.forTenant('local', 'ada');
      const own = budgets.own === null ? {} : { budget: worth(budgets.own) };
      const runs = await Promise.all(
        requests.map(({ calls }) => ada.submit(wide, { input: { calls }, squad: 'crew', ...own })),
      );
      const cancelled = runs.filter((_, place) => requests[place]?.cancel === true);
      await Promise.all(cancelled.map((run) => run.cancel().catch(() => {})));
      await Promise.all(runs.map((run) => run.result()));
      expect(squadra.statistics().budgets.waiting).toBe(0);
      const { ledger, calls } = auditBudgets(join(folder.path, 'squadra.db'));
      expect(ledger.filter(({ spentTokens, reservedTokens }) => spentTokens + reservedTokens > 0)).toEqual(calls);
      expect(ledger.every(({ reservedTokens }) => reservedTokens === 0)).toBe(true);
      // Nobody is turned away for whom there is room in the end; what is cancelled counts for more than a call.
      const wanted = requests.reduce((sum, one) => sum + Math.min(one.calls, budgets.own ?? one.calls), 0);
      const got = callTokens * Math.min(wanted, budgets.day, budgets.month, budgets.user);
      const { spent } = await squadra.budgets.get(day);
      expect(cancelled.length > 0 || spent.tokens === got).toBe(true);
    }),
    { numRuns: 6 },
  );
}, 120_000);
