import type { DatabaseSync } from 'node:sqlite';
import { SquadraError } from '../../../kernel/errors.ts';
import type { ConvoyStatus } from '../../convoy.ts';
import type { CreatedConvoy, StoppedConvoy } from '../../convoy-store.ts';
import { revivable } from '../../convoy-retry.ts';
import type { PastItem } from '../../convoy-retry.ts';
import type { WorkItemStatus } from '../../work-item.ts';
import { convoyColumnNames } from '../../rows/convoy-row.ts';
import type { NewConvoyColumns, NewConvoyItemColumns } from '../../rows/convoy-row.ts';
import { prepare } from '../statements.ts';
import type { Metering } from './metrics.ts';
import { moving } from './commands.ts';
import { convoyEffects } from './convoy-effects.ts';
import { startingItems } from './convoy-start.ts';
import type { StartItemArguments, StartedRow } from './convoy-start.ts';

export type CreateConvoyArguments = readonly [
  tenant: string,
  convoy: NewConvoyColumns,
  items: readonly NewConvoyItemColumns[],
  at: number,
  idempotency: readonly [key: string, requestHash: string] | null,
  traceparent: string | null,
];
export type StopConvoyArguments = readonly [
  tenant: string,
  id: string,
  status: 'cancelled' | 'failed',
  reason: string,
  at: number,
];
export type RetryConvoyArguments = readonly [tenant: string, id: string, at: number, commandId: string | null];

export interface ConvoyOperations {
  createConvoy(created: CreateConvoyArguments): CreatedConvoy;
  startItem(start: StartItemArguments): StartedRow | null;
  stopConvoy(stop: StopConvoyArguments): StoppedConvoy;
  retryConvoy(retry: RetryConvoyArguments): void;
  pruneConvoys(old: readonly [endedBefore: number, atMost: number]): number;
}

export function convoyOperations(database: DatabaseSync, metrics: Metering): ConvoyOperations {
  const find = prepare(database, 'SELECT status FROM convoys WHERE tenant = ? AND id = ?');
  const statusOf = (tenant: string, id: string): ConvoyStatus => {
    const row = find.first(tenant, id);
    if (row === undefined)
      throw new SquadraError('NOT_FOUND', `There is no convoy ${id}; \`squadra convoys\` shows those there are.`);
    return row[0] as ConvoyStatus;
  };
  return {
    createConvoy: creating(database),
    startItem: startingItems(database, metrics),
    stopConvoy: stopping(database, metrics, statusOf),
    retryConvoy: retrying(database, statusOf),
    pruneConvoys: pruning(database, metrics),
  };
}

function creating(database: DatabaseSync): ConvoyOperations['createConvoy'] {
  const insert = prepare(
    database,
    `INSERT INTO convoys (tenant, ${convoyColumnNames}, idempotency_key, request_hash, traceparent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (tenant, id) DO NOTHING`,
  );
  const earlier = prepare(database, 'SELECT id, request_hash FROM convoys WHERE tenant = ? AND idempotency_key = ?');
  const insertItem = prepare(
    database,
    `INSERT INTO work_items (tenant, id, item_key, member_id, title, description, priority, dependencies, status, convoy_id, created_at, updated_at, version,
      context, metadata, artifacts, labels) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, 1, 'null', 'null', 'null', '[]')`,
  );
  const depend = prepare(
    database,
    'INSERT INTO work_item_dependencies (tenant, dependency, item) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  return ([tenant, convoy, items, at, idempotency, traceparent]) => {
    const id = String(convoy[0]);
    const [key, hash] = idempotency ?? [null, null];
    const asked = key === null ? undefined : earlier.first(tenant, key);
    if (asked !== undefined) {
      if (asked[1] === hash) return { id: String(asked[0]), existing: true };
      throw new SquadraError(
        'IDEMPOTENCY_CONFLICT',
        `The idempotency key '${key}' was used for another request (convoy ${String(asked[0])}).`,
        { details: { convoyId: String(asked[0]) } },
      );
    }
    if (insert.run(tenant, ...convoy, key, hash, traceparent) === 0) return { id, existing: true };
    for (const [itemId, key, memberId, title, message, priority, needs] of items) {
      const status = needs.length === 0 ? 'ready' : 'blocked';
      insertItem.run(tenant, itemId, key, memberId, title, message, priority, JSON.stringify(needs), status, id, at);
      for (const needed of needs) depend.run(tenant, needed, itemId);
    }
    return { id, existing: false };
  };
}

function stopping(
  database: DatabaseSync,
  metrics: Metering,
  statusOf: (tenant: string, id: string) => ConvoyStatus,
): ConvoyOperations['stopConvoy'] {
  const endUnstarted = prepare(
    database,
    `UPDATE work_items SET status = 'cancelled', reason = ?, version = version + 1, updated_at = ?
      WHERE convoy_id = ? AND +tenant = ? AND item_key IS NOT NULL AND status IN ('pending', 'ready', 'blocked')`,
  );
  const endRunning = prepare(
    database,
    `UPDATE work_items SET status = ?, reason = ?, version = version + 1, updated_at = ?
      WHERE convoy_id = ? AND +tenant = ? AND item_key IS NOT NULL AND status = 'in_progress' RETURNING execution_id`,
  );
  const childOf = prepare(
    database,
    "SELECT no, priority FROM executions WHERE id = ? AND tenant = ? AND status IN ('created', 'queued', 'running', 'waiting')",
  );
  const move = moving(database, metrics);
  const effects = convoyEffects(database);
  return ([tenant, id, status, reason, at]) => {
    const was = statusOf(tenant, id);
    if (was === 'cancelled' && status === 'cancelled') return { changed: false, children: [] };
    if (was !== 'running')
      throw new SquadraError('ALREADY_ENDED', `Convoy ${id} is ${was} and cannot be ${status}.`, {
        details: { convoyStatus: was },
      });
    endUnstarted.run(reason, at, id, tenant);
    const children: { readonly id: string; readonly priority: number }[] = [];
    for (const [execution] of endRunning.all(status, reason, at, id, tenant)) {
      const child = childOf.first(String(execution), tenant);
      if (child === undefined) continue;
      move.cancel(Number(child[0]), { tenant, id: String(execution), at, reason });
      children.push({ id: String(execution), priority: Number(child[1]) });
    }
    effects.end(tenant, id, status, reason, at);
    return { changed: true, children };
  };
}

function retrying(
  database: DatabaseSync,
  statusOf: (tenant: string, id: string) => ConvoyStatus,
): ConvoyOperations['retryConvoy'] {
  const items = prepare(
    database,
    `SELECT id, status, execution_id IS NOT NULL, dependencies FROM work_items
      WHERE convoy_id = ? AND +tenant = ? AND item_key IS NOT NULL ORDER BY no`,
  );
  const revive = prepare(
    database,
    'UPDATE work_items SET status = ?, reason = NULL, version = version + 1, updated_at = ? WHERE tenant = ? AND id = ?',
  );
  const reopen = prepare(
    database,
    `UPDATE convoys SET status = 'running', reason = NULL, ended_at = NULL, version = version + 1, deadline_at = ? + timeout_ms,
      retried_by = ? WHERE tenant = ? AND id = ?`,
  );
  const made = prepare(database, 'SELECT 1 FROM convoys WHERE tenant = ? AND id = ? AND retried_by = ?');
  return ([tenant, id, at, commandId]) => {
    const status = statusOf(tenant, id);
    // It may have ended once more meanwhile; that is another end.
    if (commandId !== null && made.first(tenant, id, commandId) !== undefined) return;
    const refuse = (why: string): SquadraError =>
      new SquadraError('ILLEGAL_TRANSITION', `Convoy ${id} ${why}.`, { details: { convoyStatus: status } });
    if (status !== 'partial' && status !== 'failed')
      throw refuse(`is ${status}; only one that ended partial or failed can be retried`);
    const past = items.all(id, tenant).map(([item, was, wasStarted, needs]): PastItem => ({
      id: String(item),
      status: was as WorkItemStatus,
      wasStarted: wasStarted === 1,
      needs: JSON.parse(String(needs)) as string[],
    }));
    const revived = revivable(past);
    if (revived.size === 0) throw refuse('has nothing to retry: what is not completed was cancelled by somebody');
    const completed = new Set(past.filter((item) => item.status === 'completed').map((item) => item.id));
    for (const item of past) {
      if (!revived.has(item.id)) continue;
      revive.run(item.needs.every((need) => completed.has(need)) ? 'ready' : 'blocked', at, tenant, item.id);
    }
    reopen.run(at, commandId, tenant, id);
  };
}

function pruning(database: DatabaseSync, metrics: Metering): ConvoyOperations['pruneConvoys'] {
  const old = prepare(
    database,
    `SELECT no, tenant, id, created_at, ended_at, status FROM convoys WHERE ended_at IS NOT NULL AND status IN ('completed', 'cancelled') AND ended_at < ?
      ORDER BY ended_at LIMIT ?`,
  );
  const items = prepare(
    database,
    'DELETE FROM work_items WHERE convoy_id = ? AND +tenant = ? AND item_key IS NOT NULL RETURNING id',
  );
  const dependencies = prepare(database, 'DELETE FROM work_item_dependencies WHERE tenant = ? AND dependency = ?');
  const remove = prepare(database, 'DELETE FROM convoys WHERE no = ?');
  return ([endedBefore, atMost]) => {
    const found = old.all(endedBefore, atMost);
    for (const [no, tenant, id, createdAt, endedAt, status] of found) {
      for (const [item] of items.all(String(id), String(tenant))) dependencies.run(String(tenant), String(item));
      remove.run(Number(no));
      // As long as they are there, convoys are counted where they stand.
      const of = { tenant: String(tenant), status: status as ConvoyStatus };
      metrics.note({ kind: 'convoy created', ...of, at: Number(createdAt) });
      metrics.note({ kind: 'convoy ended', ...of, at: Number(endedAt) });
    }
    metrics.keep();
    return found.length;
  };
}
