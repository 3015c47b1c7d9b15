import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClock } from '../../../src/testing/test-clock.ts';
import type { Statements } from '../../../src/work/postgres/database.ts';
import type { PostgresState } from '../../../src/work/postgres/postgres-state.ts';
import { PostgresSquadStore } from '../../../src/work/postgres/postgres-squad-store.ts';
import { findExecution, listExecutions, listFeed, listRecords } from '../../../src/work/postgres/queries/executions.ts';
import { listItems } from '../../../src/work/postgres/queries/work-items.ts';
import { openTemporaryState } from './open-state.ts';

let state: PostgresState;

/** Rows enough that it pays to look for one by its index, of ten tenants. */
const fill = `
  INSERT INTO executions (tenant, id, status, priority, workflow, squad_id, squad_version, created_at, is_request, metadata, input, last_seq)
    SELECT 'tenant-' || n % 10, to_char(n, 'FM000000000'), (ARRAY['completed', 'queued', 'running', 'failed'])[1 + n % 4], 0, 'feature',
      'squad-' || n % 100, 1, n, 1, 'null', '{"message":"x"}', 4 FROM generate_series(1, 5000) AS n;
  INSERT INTO journal (execution, seq, tenant, at, kind, type)
    SELECT no, seq, tenant, created_at, CASE seq WHEN 1 THEN 'message' ELSE 'status' END, 'queued'
      FROM executions CROSS JOIN generate_series(1, 4) AS seq;
  INSERT INTO squads (tenant, id, name, version, user_id, body)
    SELECT 'tenant-' || n % 10, to_char(n, 'FM000000000'), 'squad-' || n, 1, 'user-' || n % 500, '{}' FROM generate_series(1, 5000) AS n;
  INSERT INTO work_items (id, tenant, status, version, priority, execution_id, created_at, updated_at, title, context, metadata, artifacts, labels, dependencies)
    SELECT to_char(n, 'FM000000000'), 'tenant-' || n % 10, (ARRAY['completed', 'ready'])[1 + n % 2], 1, n % 5, to_char(n, 'FM000000000'), n, n, 'x',
      'null', 'null', 'null', '[]', '[]' FROM generate_series(1, 5000) AS n`;

beforeAll(async () => {
  state = await openTemporaryState(new TestClock());
  await state.database.transaction((statements) => statements.script(fill));
  await state.database.run('ANALYZE');
});

afterAll(() => state[Symbol.asyncDispose]());

/** The plans of what is asked. */
async function plansOf(ask: (statements: Statements) => Promise<unknown>): Promise<string> {
  const plans: string[] = [];
  const explain: Statements['all'] = async (sql, ...values) => {
    plans.push((await state.database.all(`EXPLAIN ${sql}`, ...values)).map(([line]) => String(line)).join('\n'));
    return [];
  };
  const first: Statements['first'] = async (sql, ...values) => (await explain(sql, ...values))[0];
  await ask({ all: explain, first, run: () => Promise.reject(new Error('Nothing is written here.')) });
  return plans.join('\n');
}

const tenant = 'tenant-1';

describe('the statements of a fleet find their rows by an index', () => {
  it.each<readonly [what: string, index: string, ask: (statements: Statements) => Promise<unknown>]>([
    ['an execution', 'executions_id', (of) => findExecution(of, tenant, '000000011')],
    [
      'executions of a squad in a status',
      'executions_squad',
      (of) => listExecutions(of, tenant, { squadId: 'squad-1', status: 'queued', limit: 10 }),
    ],
    ['all executions', 'executions_id', (of) => listExecutions(of, tenant, { limit: 10 })],
    [
      'records of an execution',
      'journal_pkey',
      (of) => listRecords(of, { tenant, id: '000000011', after: 0, limit: 10 }, 'all'),
    ],
    [
      'messages of an execution',
      'journal_pkey',
      (of) => listRecords(of, { tenant, id: '000000011', after: 0, limit: 10 }, 'message'),
    ],
    [
      'the feed of a tenant',
      'journal_feed',
      (of) => listFeed(of, { tenant, after: { xid: 0, no: 0 }, end: { xid: 1e9, no: 0 }, limit: 10 }, null),
    ],
    [
      'items of an execution',
      'work_items_execution',
      (of) => listItems(of, tenant, { executionId: '000000011', limit: 10 }),
    ],
    ['ready items', 'work_items_o', (of) => listItems(of, tenant, { status: 'ready', limit: 10 })],
  ])('%s: %s', async (_, index, ask) => {
    expect(await plansOf(ask)).toContain(index);
  });

  it('squads of a user: squads_user', async () => {
    // What the store asks, asked of a database that explains.
    const plan = await plansOf((statements) =>
      new PostgresSquadStore(statements as never).list(tenant, { limit: 10, userId: 'user-11' }),
    );
    expect(plan).toContain('squads_user');
  });
});
