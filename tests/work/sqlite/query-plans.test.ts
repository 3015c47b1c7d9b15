import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { migrate } from '../../../src/work/sqlite/migrations.ts';
import { operations } from '../../../src/work/sqlite/operations/operations.ts';
import { queries } from '../../../src/work/sqlite/queries/queries.ts';

/** A database that remembers what was prepared on it. */
class Recording extends DatabaseSync {
  readonly prepared = new Set<string>();

  override prepare(sql: string): ReturnType<DatabaseSync['prepare']> {
    this.prepared.add(sql);
    return super.prepare(sql);
  }
}

function open(): Recording {
  const database = new Recording(':memory:');
  migrate(database, ':memory:');
  database.prepared.clear();
  return database;
}

/** The steps of SQLite's plan for what was prepared. */
function plans(database: Recording): { readonly sql: string; readonly step: string }[] {
  return [...database.prepared]
    .filter((sql) => /^\s*(?:SELECT|INSERT|UPDATE|DELETE)/.test(sql))
    .flatMap((sql) =>
      DatabaseSync.prototype.prepare
        .call(database, `EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map((row) => ({ sql, step: String(row.detail) })),
    );
}

/**
 * Steps that take longer the more there is in the file: reading all rows of a table, or sorting what was found. A list
 * within a column (`given`) and an index that holds all that is asked for may be read from end to end.
 */
const growing = /^SCAN (?!given\b|(?:\d+ )?CONSTANT ROW)(?!.*USING COVERING INDEX)|USE TEMP B-TREE FOR ORDER BY/;

describe('the statements of the state file', () => {
  it('of the writer find their rows by an index, however large the file is', () => {
    const database = open();
    operations(database);
    expect(database.prepared.size).toBeGreaterThan(40);
    expect(plans(database).filter(({ step }) => growing.test(step))).toEqual([]);
  });

  const page = { tenant: 'local', limit: 10 };
  const asked: readonly (readonly [string, (ask: ReturnType<typeof queries>) => unknown])[] = [
    ['all executions', (ask) => ask.executions({ ...page, filter: { limit: 10 } })],
    ['a page of executions', (ask) => ask.executions({ ...page, filter: { limit: 10, before: 'x' } })],
    ['failed executions', (ask) => ask.executions({ ...page, filter: { limit: 10, status: 'failed' } })],
    ['executions to resume', (ask) => ask.openExecutions({ after: '', limit: 10 })],
    ['counts of executions', (ask) => ask.executionCounts(null)],
    ['how many executions are open', (ask) => ask.openCounts({ tenant: 'local' })],
    ['minutes', (ask) => ask.metricMinutes({ tenant: 'local', range: { from: 0, to: 9, bucketMinutes: 1 } })],
    ['minutes of resources', (ask) => ask.metricResources({ from: 0, to: 9 })],
    ['records that were not counted', (ask) => ask.metricSlice({ after: 0, through: 9, limit: 9 })],
    ['how convoys went', (ask) => ask.convoyCourses({ tenant: 'local', filter: { limit: 10 }, now: 0 })],
    ['all work items', (ask) => ask.workItems({ ...page, filter: { limit: 10 } })],
    [
      'a page of work items',
      (ask) => ask.workItems({ ...page, filter: { limit: 10, after: { priority: 0, createdAt: 0, id: 'item' } } }),
    ],
    [
      'a page of work items after one that is gone',
      (ask) => ask.workItems({ ...page, filter: { limit: 10, after: { priority: 0, createdAt: 0, id: 'gone' } } }),
    ],
    ['ready work items', (ask) => ask.workItems({ ...page, filter: { limit: 10, status: 'ready' } })],
    ['pending approvals', (ask) => ask.approvals({ ...page, filter: { limit: 10, status: 'pending' } })],
    ['all approvals', (ask) => ask.approvals({ ...page, filter: { limit: 10 } })],
    ['squads', (ask) => ask.squads(page)],
    ['squads of a user', (ask) => ask.squads({ ...page, userId: 'u' })],
    ['executions of a schedule', (ask) => ask.executions({ ...page, filter: { limit: 10, scheduleId: 'x' } })],
    ['schedules', (ask) => ask.schedules({ ...page, filter: { limit: 10, before: 'x' } })],
    ['schedules that tick', (ask) => ask.activeSchedules({ after: '', limit: 10 })],
    ['all convoys', (ask) => ask.convoys({ ...page, filter: { limit: 10 } })],
    ['a page of convoys', (ask) => ask.convoys({ ...page, filter: { limit: 10, before: 'x' } })],
    ['failed convoys', (ask) => ask.convoys({ ...page, filter: { limit: 10, status: 'failed' } })],
    ['cancelled convoys', (ask) => ask.convoys({ ...page, filter: { limit: 10, status: 'cancelled' } })],
    ['convoys of a squad', (ask) => ask.convoys({ ...page, filter: { limit: 10, squadId: 'x', before: 'y' } })],
    ['convoys to go on with', (ask) => ask.openConvoys({})],
    ['a convoy', (ask) => ask.convoy({ tenant: 'local', id: 'x' })],
    ['items of a convoy', (ask) => ask.convoyItems({ tenant: 'local', id: 'x' })],
    ['what a convoy spent', (ask) => ask.convoyUsage({ tenant: 'local', id: 'x' })],
    ['results of a convoy', (ask) => ask.convoyResults({ tenant: 'local', id: 'x' })],
    ['what executions are at', (ask) => ask.activity({ tenant: 'local', since: 1 })],
    [
      'executions that wait for somebody',
      (ask) => ask.quietExecutions({ tenant: 'local', filter: { are: 'waiting', before: 1, limit: 10 } }),
    ],
    [
      'executions that nobody woke',
      (ask) => ask.quietExecutions({ tenant: 'local', filter: { are: 'due', before: 1, limit: 10 } }),
    ],
    ['executions that failed of late', (ask) => ask.failedExecutions({ tenant: 'local', since: 1, limit: 10 })],
    ['usage', (ask) => ask.usage({ tenant: 'local', filter: { groupBy: null } })],
    ['usage of members', (ask) => ask.usage({ tenant: 'local', filter: { squadId: 'x', from: 1, groupBy: 'member' } })],
    ['usage of models', (ask) => ask.usage({ tenant: 'local', filter: { from: 1, groupBy: 'model' } })],
  ];

  it.each(asked)('read %s by an index that has them in order', (_, ask) => {
    const database = open();
    database.exec(`INSERT INTO work_items (id, tenant, status, version, priority, created_at, updated_at, title, context, metadata, artifacts, labels, dependencies)
      VALUES ('item', 'local', 'ready', 1, 0, 0, 0, 't', 'null', 'null', 'null', '[]', '[]')`);
    ask(queries(database));
    expect(plans(database).filter(({ step }) => growing.test(step))).toEqual([]);
  });

  it.each([
    [
      'failed executions',
      'executions_unfinished',
      (ask: ReturnType<typeof queries>) => ask.executions({ ...page, filter: { limit: 10, status: 'failed' } }),
    ],
    [
      'ready work items',
      'work_items_open',
      (ask: ReturnType<typeof queries>) => ask.workItems({ ...page, filter: { limit: 10, status: 'ready' } }),
    ],
    [
      'items of an execution',
      'work_items_execution',
      (ask: ReturnType<typeof queries>) => ask.workItems({ ...page, filter: { limit: 10, executionId: 'x' } }),
    ],
    [
      'executions of a schedule',
      'executions_schedule',
      (ask: ReturnType<typeof queries>) => ask.executions({ ...page, filter: { limit: 10, scheduleId: 'x' } }),
    ],
    [
      'pending approvals',
      'approvals_pending',
      (ask: ReturnType<typeof queries>) => ask.approvals({ ...page, filter: { limit: 10, status: 'pending' } }),
    ],
    [
      'usage of days',
      'executions_usage',
      (ask: ReturnType<typeof queries>) => ask.usage({ tenant: 'local', filter: { from: 1, groupBy: 'day' } }),
    ],
    [
      'usage of executions',
      'executions_usage',
      (ask: ReturnType<typeof queries>) => ask.usageOfExecutions({ tenant: 'local', filter: { from: 1, limit: 10 } }),
    ],
    [
      'failed convoys',
      'convoys_unfinished',
      (ask: ReturnType<typeof queries>) => ask.convoys({ ...page, filter: { limit: 10, status: 'failed' } }),
    ],
    [
      'convoys of a squad',
      'convoys_squad',
      (ask: ReturnType<typeof queries>) => ask.convoys({ ...page, filter: { limit: 10, squadId: 'x' } }),
    ],
    [
      'approvals of an execution',
      'approvals_execution',
      (ask: ReturnType<typeof queries>) => ask.approvals({ ...page, filter: { limit: 10, executionId: 'x' } }),
    ],
  ] as const)('read %s without passing over the others (%s)', (_, index, ask) => {
    const database = open();
    const all = queries(database);
    database.prepared.clear();
    ask(all);
    expect(
      plans(database)
        .map(({ step }) => step)
        .join('\n'),
    ).toContain(index);
  });
});
