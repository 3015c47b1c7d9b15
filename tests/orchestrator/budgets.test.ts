import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSquadraIn } from '../../src/compose.ts';
import { readSettings } from '../../src/config/settings.ts';
import type { Run } from '../../src/orchestrator/run-handle.ts';
import type { Squadra } from '../../src/orchestrator/squadra.ts';
import { scriptedModel } from '../../src/testing/scripted-model.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import type { StepRecord } from '../../src/work/journal.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { auditBudgets } from '../support/budget-audit.ts';

const day = 86_400_000;
const start = Date.UTC(2026, 10, 22, 12);
/** What each call turns out to take: at the prices below 1,000 + 1,000 micro-dollars. */
const usage = { inputTokens: 1_000, outputTokens: 100 };
const callMicroUsd = 2_000;

const once = defineWorkflow({
  name: 'once',
  run: ({ squad }) => squad.ask('tester', 'Test it.').then(({ text }) => text),
});
/** Ten calls, one after the other. */
const ten = defineWorkflow({
  name: 'ten',
  async run({ squad }) {
    for (let round = 1; round <= 10; round++) await squad.ask('tester', 'Test it.', { name: `round-${round}` });
    return 'done';
  },
});

interface Opened {
  readonly squadra: Squadra;
  readonly clock: TestClock;
  readonly database: string;
  /** Calls that reached the model. */
  readonly calls: () => number;
  readonly audit: () => void;
}

async function open(taken = usage): Promise<Opened & AsyncDisposable> {
  const stateDir = mkdtempSync(join(tmpdir(), 'squadra-budgets-'));
  onTestFinished(() => rmSync(stateDir, { recursive: true }));
  const clock = new TestClock(start);
  let calls = 0;
  const model = scriptedModel(() => {
    calls += 1;
    return { text: 'Tested.', usage: taken };
  });
  const squadra = await openSquadraIn(
    {
      stateDir,
      workflows: [once, ten],
      squads: [
        { name: 'crew', members: [{ role: 'tester', provider: 'own', model: 'dear' }] },
        { name: 'unpriced', members: [{ role: 'tester', provider: 'free', model: 'unknown' }] },
      ],
      models: { own: model.asProvider(), free: model.asProvider() },
      prices: { own: { input: 1, output: 10 } },
    },
    { clock, readSettings: (overrides) => readSettings({}, overrides) },
  );
  const database = join(stateDir, 'squadra.db');
  const audit = (): void => {
    const { ledger, calls: counted } = auditBudgets(database);
    expect(ledger.filter(({ spentTokens, reservedTokens }) => spentTokens + reservedTokens > 0)).toEqual(counted);
  };
  return {
    squadra,
    clock,
    database,
    calls: () => calls,
    audit,
    [Symbol.asyncDispose]: () => squadra[Symbol.asyncDispose](),
  };
}

/** What one call reserves here: found by making one. */
async function reservedOf(): Promise<number> {
  await using opened = await open();
  const run = await opened.squadra.submit(once, { input: {}, squad: 'crew' });
  await run.result();
  const [intent] = (await steps(run)).filter(({ phase }) => phase === 'intent');
  const { reservation } = JSON.parse(intent?.details ?? '{}') as { reservation: { costMicroUsd: number } };
  return reservation.costMicroUsd;
}

async function steps(run: Run): Promise<readonly StepRecord[]> {
  const found: StepRecord[] = [];
  for await (const event of run.events({ follow: false })) if (event.event === 'step') found.push(event as never);
  return found;
}

const tenantDay = { scope: 'tenant', id: 'local', period: 'day' } as const;

describe('a budget', () => {
  it('of a submission stops the execution before its ceiling, with a code of its own, and tells what it saw', async () => {
    await using opened = await open();
    const { squadra, audit } = opened;
    const reserved = await reservedOf();
    const limitMicroUsd = reserved + 3 * callMicroUsd;
    const run = await squadra.submit(ten, { input: {}, squad: 'crew', budget: { limitMicroUsd } });
    const outcome = await run.result();
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'BUDGET_EXCEEDED' } });
    expect(opened.calls()).toBe(4);
    const key = { scope: 'execution', id: run.id, period: 'total' } as const;
    expect(await squadra.budgets.get(key)).toMatchObject({
      limitMicroUsd,
      limitTokens: null,
      onExceeded: 'fail',
      spent: { microUsd: 4 * callMicroUsd, tokens: 4 * 1_100 },
      reserved: { microUsd: 0, tokens: 0 },
      periodStart: null,
      periodEnd: null,
    });
    audit();
    // Raised, it goes on where it stood; what is committed is not paid for again.
    await squadra.budgets.set(key, { limitMicroUsd: reserved + 9 * callMicroUsd });
    await run.retry();
    expect(await run.result()).toEqual({ status: 'completed', output: 'done' });
    expect(opened.calls()).toBe(10);
    audit();
  });

  it('in tokens stops as one in money does', async () => {
    await using opened = await open();
    const run = await opened.squadra.submit(once, { input: {}, squad: 'crew', budget: { limitTokens: 10 } });
    expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'BUDGET_EXCEEDED' } });
    expect(opened.calls()).toBe(0);
    opened.audit();
  });

  it('in money refuses a model without a price; one in tokens does not', async () => {
    await using opened = await open();
    const { squadra } = opened;
    const refused = await squadra.submit(once, {
      input: {},
      squad: 'unpriced',
      budget: { limitMicroUsd: 1_000_000_000 },
    });
    expect(await refused.result()).toMatchObject({ status: 'failed', error: { code: 'UNPRICED_MODEL' } });
    expect(opened.calls()).toBe(0);
    expect(squadra.statistics().budgets).toEqual({ exceeded: 0, unpriced: 1, waiting: 0 });
    const counted = await squadra.submit(once, { input: {}, squad: 'unpriced', budget: { limitTokens: 1_000_000 } });
    expect(await counted.result()).toMatchObject({ status: 'completed' });
    opened.audit();
  });

  it('is never passed, however many agents work against it at once', async () => {
    const reserved = await reservedOf();
    await using opened = await open();
    const { squadra, audit } = opened;
    const ceiling = 50 * reserved;
    await squadra.budgets.set(tenantDay, { limitMicroUsd: ceiling });
    const runs = await Promise.all(
      Array.from({ length: 100 }, () => squadra.submit(once, { input: {}, squad: 'crew' })),
    );
    const outcomes = await Promise.all(runs.map((run) => run.result()));
    const { spent, reserved: left } = await squadra.budgets.get(tenantDay);
    expect(spent.microUsd).toBeLessThanOrEqual(ceiling);
    expect(spent.microUsd).toBe(opened.calls() * callMicroUsd);
    expect(outcomes.filter(({ status }) => status === 'completed')).toHaveLength(opened.calls());
    expect(opened.calls()).toBeGreaterThanOrEqual(50);
    expect(left).toEqual({ microUsd: 0, tokens: 0 });
    audit();
  });

  it('worth fifty calls lets fifty of a hundred agents through, although it has room for one at a time', async () => {
    const reserved = await reservedOf();
    await using opened = await open();
    const { squadra, audit } = opened;
    const limitMicroUsd = reserved + 49 * callMicroUsd;
    await squadra.budgets.set(tenantDay, { limitMicroUsd });
    const runs = await Promise.all(
      Array.from({ length: 100 }, () => squadra.submit(once, { input: {}, squad: 'crew' })),
    );
    const outcomes = await Promise.all(runs.map((run) => run.result()));
    expect(opened.calls()).toBe(50);
    expect(outcomes.filter(({ status }) => status === 'completed')).toHaveLength(50);
    const errors = outcomes.flatMap((outcome) => (outcome.status === 'failed' ? [outcome.error.code] : []));
    expect(errors).toEqual(Array.from({ length: 50 }, () => 'BUDGET_EXCEEDED'));
    expect((await squadra.budgets.get(tenantDay)).spent.microUsd).toBe(50 * callMicroUsd);
    expect(squadra.statistics().budgets).toEqual({ exceeded: 50, unpriced: 0, waiting: 0 });
    audit();
  });

  it('counts what was spent before it was set, and begins anew with its period', async () => {
    await using opened = await open();
    const { squadra, clock, audit } = opened;
    const submit = async (): Promise<string> =>
      (await (await squadra.submit(once, { input: {}, squad: 'crew' })).result()).status;
    expect(await submit()).toBe('completed');
    await clock.jump(start + day);
    expect(await submit()).toBe('completed');
    const squadMonth = { scope: 'squad', id: 'crew', period: 'month' } as const;
    const ceiling = { limitMicroUsd: 1_000_000_000 };
    expect((await squadra.budgets.set(tenantDay, ceiling)).spent.microUsd).toBe(callMicroUsd);
    expect((await squadra.budgets.set(squadMonth, ceiling)).spent.microUsd).toBe(2 * callMicroUsd);
    audit();
    await clock.jump(start + 2 * day);
    expect((await squadra.budgets.get(tenantDay)).spent.microUsd).toBe(0);
    await clock.jump(Date.UTC(2026, 11, 1));
    const budget = await squadra.budgets.get(squadMonth);
    expect(budget.spent.microUsd).toBe(0);
    expect([budget.periodStart, budget.periodEnd]).toEqual([Date.UTC(2026, 11, 1), Date.UTC(2027, 0, 1)]);
  });

  it('of a user counts what was submitted for that user', async () => {
    await using opened = await open();
    const { squadra } = opened;
    const ada = squadra.forTenant('local', 'ada');
    const key = { scope: 'user', id: 'ada', period: 'month' } as const;
    await squadra.budgets.set(key, { limitTokens: 1_000_000 });
    await (await ada.submit(once, { input: {}, squad: 'crew' })).result();
    await (await squadra.submit(once, { input: {}, squad: 'crew' })).result();
    expect((await squadra.budgets.get(key)).spent.tokens).toBe(1_100);
  });

  it('tells once in each period that four fifths of it are spent', async () => {
    // 81,000 micro-dollars a call, nearly all that is reserved for one.
    await using opened = await open({ inputTokens: 1_000, outputTokens: 8_000 });
    const { squadra, clock } = opened;
    const limitMicroUsd = (await reservedOf()) + 9 * 81_000;
    await squadra.budgets.set(tenantDay, { limitMicroUsd });
    const told = async (): Promise<readonly unknown[]> => {
      const run = await squadra.submit(ten, { input: {}, squad: 'crew' });
      await run.result();
      const warnings = (await steps(run)).filter(({ phase }) => phase === 'warning');
      return warnings.map(({ key, details }) => [key, JSON.parse(details ?? '{}')]);
    };
    const spent = Math.ceil((0.8 * limitMicroUsd) / 81_000);
    const event = [
      `round-${spent}/model/1`,
      {
        text: expect.stringContaining("The daily budget of tenant 'local' (2026-11-22) is 80 % spent: $"),
        budget: expect.objectContaining({ ...tenantDay, limitMicroUsd }),
      },
    ];
    expect(await told()).toEqual([event]);
    expect(await told()).toEqual([]);
    await clock.jump(start + day);
    expect(await told()).toHaveLength(1);
  });
});

describe('at a ceiling that may be raised', () => {
  const ask = { onExceeded: 'ask' } as const;

  async function waiting({ squadra }: Opened, run: Run, number = 1): Promise<string> {
    let id: string | null = null;
    for await (const event of run.events()) {
      if (event.event !== 'status' || event.status !== 'waiting') continue;
      const { items } = await squadra.approvals.list({ executionId: run.id, status: 'pending' });
      if (items.length === 0) continue;
      id = items[0]?.id ?? null;
      expect(items[0]?.choices).toEqual(['raise', 'refuse']);
      expect(items[0]?.stepKey).toMatch(new RegExp(`/over-budget-${number}\\.\\d$`));
      break;
    }
    return id ?? '';
  }

  it('the execution waits for a person; raised once, it goes on', async () => {
    await using opened = await open();
    const { squadra, audit } = opened;
    const run = await squadra.submit(once, { input: {}, squad: 'crew', budget: { limitMicroUsd: 100, ...ask } });
    const id = await waiting(opened, run);
    expect(opened.calls()).toBe(0);
    await squadra.approvals.answer(id, { choice: 'raise', by: 'ada' });
    expect(await run.result()).toEqual({ status: 'completed', output: 'Tested.' });
    const budget = await squadra.budgets.get({ scope: 'execution', id: run.id, period: 'total' });
    expect(budget.limitMicroUsd).toBe(100);
    expect(budget.raised.microUsd).toBe((await reservedOf()) - 100);
    audit();
  });

  it('refused, the execution fails; retried, it asks again', async () => {
    await using opened = await open();
    const { squadra } = opened;
    const run = await squadra.submit(once, { input: {}, squad: 'crew', budget: { limitMicroUsd: 100, ...ask } });
    await squadra.approvals.answer(await waiting(opened, run), { choice: 'refuse', by: 'ada' });
    expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'BUDGET_EXCEEDED' } });
    await run.retry();
    await squadra.approvals.answer(await waiting(opened, run, 2), { choice: 'raise', by: 'ada' });
    expect(await run.result()).toMatchObject({ status: 'completed' });
    expect(opened.calls()).toBe(1);
    opened.audit();
  });

  it('another limit lets it go on without an answer', async () => {
    await using opened = await open();
    const { squadra } = opened;
    await squadra.budgets.set(tenantDay, { limitMicroUsd: 100, ...ask });
    const run = await squadra.submit(once, { input: {}, squad: 'crew' });
    await waiting(opened, run);
    await squadra.budgets.set(tenantDay, { limitMicroUsd: 200, ...ask });
    await waiting(opened, run);
    await squadra.budgets.remove(tenantDay);
    expect(await run.result()).toMatchObject({ status: 'completed' });
    opened.audit();
  });

  it('the next period lets it go on without an answer', async () => {
    await using opened = await open();
    const { squadra, clock } = opened;
    const reserved = await reservedOf();
    await squadra.budgets.set(tenantDay, { limitMicroUsd: reserved + 100, ...ask });
    await (await squadra.submit(once, { input: {}, squad: 'crew' })).result();
    const run = await squadra.submit(once, { input: {}, squad: 'crew' });
    await waiting(opened, run);
    await clock.jump(Date.UTC(2026, 10, 23));
    expect(await run.result()).toMatchObject({ status: 'completed' });
    expect((await squadra.budgets.get(tenantDay)).spent.microUsd).toBe(callMicroUsd);
    const { steps: shown } = await squadra.describe(run.id);
    expect(shown.flatMap(({ warnings }) => warnings)).toEqual([]);
    opened.audit();
  });
});
