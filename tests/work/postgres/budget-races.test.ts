import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../../src/work/postgres/database.ts';
import { migrate } from '../../../src/work/postgres/migrations.ts';
import { reserve, settle } from '../../../src/work/postgres/operations/budget-ledger.ts';
import type { ChargedCall } from '../../../src/work/postgres/operations/budget-ledger.ts';
import { countPastCharges } from '../../../src/work/postgres/operations/past-charges.ts';
import { lockBudgets } from '../../../src/work/postgres/operations/budget-ledger.ts';
import type { BudgetKey } from '../../../src/work/budget.ts';
import { noUsage } from '../../../src/work/usage.ts';
import { ownDatabase } from '../../support/postgres-database.ts';
import { newId, twoTenants } from '../../contracts/contract-state.ts';
import { testSettings } from './open-state.ts';

const at = Date.UTC(2026, 10, 29, 22);
const day = '2026-11-29';
const cost = 1_000_003;

describe('the ledger of budgets, with two processes', () => {
  let own: Awaited<ReturnType<typeof ownDatabase>>;
  let processes: readonly [Database, Database];
  beforeAll(async () => {
    own = await ownDatabase();
    processes = [
      new Database({ ...testSettings, databaseUrl: own.url }),
      new Database({ ...testSettings, databaseUrl: own.url }),
    ];
    await migrate(processes[0]);
  });
  afterAll(async () => {
    for (const process of processes) await process[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });

  const budgetOf = async (tenant: string, key: BudgetKey, limit: number): Promise<number> => {
    const row = await processes[0].first(
      `INSERT INTO budgets (tenant, scope, scope_id, period, limit_micro_usd, on_exceeded, updated_at)
        VALUES ($1, $2, $3, $4, $5, 'fail', 0) RETURNING no`,
      tenant,
      key.scope,
      key.id,
      key.period,
      limit,
    );
    return Number(row?.[0]);
  };
  const executionOf = async (tenant: string, userId: string | null = null) => {
    const id = newId();
    const row = await processes[0].first(
      `INSERT INTO executions (tenant, id, status, priority, workflow, created_at, is_request, metadata, input, user_id)
        VALUES ($1, $2, 'running', 0, 'w', $3, 0, 'null', 'null', $4) RETURNING no`,
      tenant,
      id,
      at,
      userId,
    );
    return { no: Number(row?.[0]), executionId: id, tenant, at };
  };
  const callOf = (of: Omit<ChargedCall, 'key' | 'attempt'>, key: string): ChargedCall => ({ ...of, key, attempt: 1 });
  const amount = { microUsd: cost, tokens: 7 };
  const reservation = { amount, isUnpriced: false, mayRaise: false };
  const intend = (process: Database, call: ChargedCall): Promise<string> =>
    process
      .transaction((statements) => reserve(statements, call, reservation))
      .then(
        () => 'reserved',
        (error: { readonly code: string }) => error.code,
      );
  const periods = (budget: number) =>
    processes[0].all(
      'SELECT name, reserved_micro_usd, spent_micro_usd, is_warned FROM budget_periods WHERE budget = $1 ORDER BY name',
      budget,
    );

  it('never goes over a ceiling, to the micro-dollar, and begins a period once', async () => {
    const { tenant } = twoTenants();
    const budgets = [
      await budgetOf(tenant, { scope: 'tenant', id: tenant, period: 'day' }, 20 * cost + cost - 1),
      await budgetOf(tenant, { scope: 'user', id: 'ada', period: 'month' }, 1_000 * cost),
    ];
    const execution = await executionOf(tenant, 'ada');
    const calls = Array.from({ length: 50 }, (_, place) => callOf(execution, `${place}/model/1`));
    const outcomes = await Promise.all(calls.map((call, place) => intend(processes[place % 2 === 0 ? 0 : 1], call)));
    expect(outcomes.filter((outcome) => outcome === 'reserved')).toHaveLength(20);
    expect(outcomes.filter((outcome) => outcome === 'BUDGET_EXCEEDED')).toHaveLength(30);
    expect(await periods(budgets[0] ?? 0)).toEqual([[day, 20 * cost, 0, 0]]);
    expect(await periods(budgets[1] ?? 0)).toEqual([[day.slice(0, 7), 20 * cost, 0, 0]]);
    const held = await processes[0].all('SELECT count(*) FROM budget_holds WHERE execution = $1', execution.no);
    expect(held).toEqual([[40]]);
    const before = processes.map((process) => process.statistics().collisions);
    // What is given back and what is taken meet in the same order.
    const taken = calls.filter((_, place) => outcomes[place] === 'reserved');
    const spent = { microUsd: cost - 1, tokens: 7 };
    await Promise.all([
      ...taken.map((call, place) =>
        processes[place % 2 === 0 ? 1 : 0].transaction((statements) => settle(statements, call, spent)),
      ),
      ...calls.map((call, place) => intend(processes[place % 2 === 0 ? 0 : 1], { ...call, attempt: 2 })),
    ]);
    expect(processes.map((process) => process.statistics().collisions)).toEqual(before);
    const [[, reserved, settled, isWarned] = []] = await periods(budgets[0] ?? 0);
    expect(settled).toBe(20 * (cost - 1));
    expect(Number(reserved) + Number(settled)).toBeLessThanOrEqual(21 * cost - 1);
    expect(isWarned).toBe(1);
    const warnings = await processes[0].all(
      "SELECT seq FROM journal WHERE execution = $1 AND phase = 'warning'",
      execution.no,
    );
    expect(warnings).toEqual([[1]]);
  });

  it('tells of what it held by name, and holds nothing twice', async () => {
    const { tenant } = twoTenants();
    const budget = await budgetOf(tenant, { scope: 'tenant', id: tenant, period: 'day' }, 20 * cost);
    const call = callOf(await executionOf(tenant), 'a/model/1');
    expect(await intend(processes[0], call)).toBe('reserved');
    const none = { microUsd: 0, tokens: 0 };
    const names = await Promise.all(
      processes.map((process) => process.transaction((statements) => settle(statements, call, none))),
    );
    expect(names.flat()).toEqual([`tenant/day/${tenant}`]);
    expect(await periods(budget)).toEqual([[day, 0, 0, 0]]);
  });

  it('refuses what has no known price where money is limited, and nothing stays of it', async () => {
    const { tenant } = twoTenants();
    const budget = await budgetOf(tenant, { scope: 'tenant', id: tenant, period: 'day' }, 20 * cost);
    const call = callOf(await executionOf(tenant), 'a/model/1');
    const unpriced = { ...reservation, isUnpriced: true };
    await expect(processes[0].transaction((statements) => reserve(statements, call, unpriced))).rejects.toMatchObject({
      code: 'UNPRICED_MODEL',
    });
    expect(await periods(budget)).toEqual([]);
  });

  it('counts each call in a budget that is made while calls leave: among the past ones, or in the ledger', async () => {
    const { tenant } = twoTenants();
    const key = { scope: 'tenant', id: tenant, period: 'day' } as const;
    const execution = await executionOf(tenant);
    const usage = JSON.stringify({ ...noUsage, costMicroUsd: cost });
    const leave = (process: Database, seq: number) =>
      process.transaction(async (statements) => {
        const call = callOf(execution, `${seq}/model/1`);
        await reserve(statements, call, reservation);
        const data = JSON.stringify({ error: null, details: `{"reservation":${usage}}`, usage: null });
        await statements.run(
          `INSERT INTO journal (execution, seq, tenant, at, kind, key, type, phase, attempt, data)
            VALUES ($1, $2, $3, $4, 'step', $5, 'model', 'intent', 1, $6)`,
          execution.no,
          seq,
          tenant,
          at,
          call.key,
          data,
        );
      });
    const make = processes[1].transaction(async (statements) => {
      await lockBudgets(statements);
      const row = await statements.first(
        `INSERT INTO budgets (tenant, scope, scope_id, period, limit_micro_usd, on_exceeded, updated_at)
          VALUES ($1, 'tenant', $1, 'day', $2, 'fail', 0) RETURNING no`,
        tenant,
        1_000 * cost,
      );
      await countPastCharges(statements, Number(row?.[0]), tenant, key, at);
      return Number(row?.[0]);
    });
    await Promise.all(Array.from({ length: 40 }, (_, seq) => leave(processes[seq % 2 === 0 ? 0 : 1], seq + 1)));
    expect(await periods(await make)).toEqual([[day, 40 * cost, 0, 0]]);
  });
});
