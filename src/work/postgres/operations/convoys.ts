import { SquadraError } from '../../../kernel/errors.ts';
import { revivable } from '../../convoy-retry.ts';
import type { PastItem } from '../../convoy-retry.ts';
import type { ConvoyStatus } from '../../convoy.ts';
import type { CreatedConvoy, NewConvoy, StoppedChild, StoppedConvoy } from '../../convoy-store.ts';
import { convoyColumnNames, newConvoyColumns } from '../../rows/convoy-row.ts';
import type { WorkItemStatus } from '../../work-item.ts';
import type { Statements } from '../database.ts';
import { cancelUnstarted, endConvoy } from './convoy-effects.ts';
import { cancelExecution } from './moving.ts';

/** A convoy by its id, and when. */
export interface ConvoyCommand {
  readonly tenant: string;
  readonly id: string;
  readonly at: number;
}

/** Throws `IDEMPOTENCY_CONFLICT`. */
export async function createConvoy(statements: Statements, tenant: string, made: NewConvoy): Promise<CreatedConvoy> {
  const { convoy, idempotency, traceparent } = made;
  const columns = [tenant, ...newConvoyColumns(convoy), idempotency?.key ?? null, idempotency?.requestHash ?? null];
  const places = [...columns, traceparent].map((_, place) => `$${place + 1}`).join(', ');
  // Also waits for somebody who stores the same key right now.
  const inserted = await statements.run(
    `INSERT INTO convoys (tenant, ${convoyColumnNames}, idempotency_key, request_hash, traceparent) VALUES (${places})
      ON CONFLICT DO NOTHING`,
    ...columns,
    traceparent,
  );
  if (inserted === 0) return earlierConvoy(statements, tenant, made);
  await insertItems(statements, tenant, made);
  return { id: convoy.id, existing: false };
}

async function earlierConvoy(
  statements: Statements,
  tenant: string,
  { convoy, idempotency }: NewConvoy,
): Promise<CreatedConvoy> {
  const key = idempotency?.key ?? null;
  const sql = 'SELECT id, request_hash FROM convoys WHERE tenant = $1 AND idempotency_key = $2';
  const earlier = key === null ? undefined : await statements.first(sql, tenant, key);
  if (earlier === undefined || earlier[1] === idempotency?.requestHash)
    return { id: earlier === undefined ? convoy.id : String(earlier[0]), existing: true };
  throw new SquadraError(
    'IDEMPOTENCY_CONFLICT',
    `The idempotency key '${key}' was used for another request (convoy ${String(earlier[0])}).`,
    { details: { convoyId: String(earlier[0]) } },
  );
}

async function insertItems(statements: Statements, tenant: string, { convoy, items }: NewConvoy): Promise<void> {
  await statements.run(
    `INSERT INTO work_items (tenant, id, item_key, member_id, title, description, priority, dependencies, status, convoy_id, created_at, updated_at,
        version, context, metadata, artifacts, labels)
      SELECT $1, id, item_key, member_id, title, description, priority, needs, CASE needs WHEN '[]' THEN 'ready' ELSE 'blocked' END, $2, $3, $3,
          1, 'null', 'null', 'null', '[]'
        FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::integer[], $10::text[]) WITH ORDINALITY
          AS given (id, item_key, member_id, title, description, priority, needs, place) ORDER BY place`,
    tenant,
    convoy.id,
    convoy.createdAt,
    items.map(({ id }) => id),
    items.map(({ key }) => key),
    items.map(({ memberId }) => memberId),
    items.map(({ title }) => title),
    items.map(({ message }) => message),
    items.map(({ priority }) => priority),
    items.map(({ dependencies }) => JSON.stringify(dependencies)),
  );
  const needs = items.flatMap(({ id, dependencies }) => dependencies.map((dependency) => ({ id, dependency })));
  if (needs.length === 0) return;
  await statements.run(
    `INSERT INTO work_item_dependencies (tenant, dependency, item)
      SELECT $1, dependency, item FROM unnest($2::text[], $3::text[]) AS given (dependency, item) ON CONFLICT DO NOTHING`,
    tenant,
    needs.map(({ dependency }) => dependency),
    needs.map(({ id }) => id),
  );
}

/** Its status; the row is held until the transaction ends. Throws `NOT_FOUND`. */
async function hold(
  statements: Statements,
  { tenant, id }: ConvoyCommand,
): Promise<{ readonly status: ConvoyStatus; readonly retriedBy: unknown }> {
  const sql = 'SELECT status, retried_by FROM convoys WHERE tenant = $1 AND id = $2 FOR UPDATE';
  const row = await statements.first(sql, tenant, id);
  if (row === undefined)
    throw new SquadraError('NOT_FOUND', `There is no convoy ${id}; \`squadra convoys\` shows those there are.`);
  return { status: row[0] as ConvoyStatus, retriedBy: row[1] };
}

const openChildren = `SELECT executions.no, executions.id, executions.priority FROM work_items
  JOIN executions ON executions.tenant = work_items.tenant AND executions.id = work_items.execution_id
  WHERE work_items.convoy_id = $1 AND work_items.tenant = $2 AND work_items.item_key IS NOT NULL AND work_items.status = 'in_progress'
    AND executions.status IN ('created', 'queued', 'running', 'waiting') ORDER BY executions.no FOR UPDATE OF executions`;

/** Throws `NOT_FOUND` or `ALREADY_ENDED`. */
export async function stopConvoy(
  statements: Statements,
  command: ConvoyCommand,
  status: 'cancelled' | 'failed',
  reason: string,
): Promise<StoppedConvoy> {
  const { tenant, id, at } = command;
  // A child that ends holds its execution and then wants the convoy: so they are taken in that order here, too.
  await statements.all(openChildren, id, tenant);
  const { status: was } = await hold(statements, command);
  if (was === 'cancelled' && status === 'cancelled') return { changed: false, children: [] };
  if (was !== 'running')
    throw new SquadraError('ALREADY_ENDED', `Convoy ${id} is ${was} and cannot be ${status}.`, {
      details: { convoyStatus: was },
    });
  const rows = await statements.all(openChildren, id, tenant);
  await cancelUnstarted(statements, { tenant, id, reason, at });
  await statements.run(
    `UPDATE work_items SET status = $1, reason = $2, version = version + 1, updated_at = $3
      WHERE convoy_id = $4 AND tenant = $5 AND item_key IS NOT NULL AND status = 'in_progress'`,
    status,
    reason,
    at,
    id,
    tenant,
  );
  const children: StoppedChild[] = [];
  for (const [no, execution, priority] of rows) {
    await cancelExecution(statements, Number(no), { tenant, id: String(execution), at, reason });
    children.push({ id: String(execution), priority: Number(priority) });
  }
  await endConvoy(statements, tenant, id, status, reason, at);
  return { changed: true, children };
}

/** Throws `NOT_FOUND` or `ILLEGAL_TRANSITION`. */
export async function retryConvoy(
  statements: Statements,
  command: ConvoyCommand,
  commandId: string | null,
): Promise<void> {
  const { tenant, id, at } = command;
  const { status, retriedBy } = await hold(statements, command);
  // It may have ended once more meanwhile; that is another end.
  if (commandId !== null && retriedBy === commandId) return;
  const refuse = (why: string): SquadraError =>
    new SquadraError('ILLEGAL_TRANSITION', `Convoy ${id} ${why}.`, { details: { convoyStatus: status } });
  if (status !== 'partial' && status !== 'failed')
    throw refuse(`is ${status}; only one that ended partial or failed can be retried`);
  const past = await pastItems(statements, command);
  const revived = revivable(past);
  if (revived.size === 0) throw refuse('has nothing to retry: what is not completed was cancelled by somebody');
  const completed = new Set(past.filter((item) => item.status === 'completed').map((item) => item.id));
  const items = past.filter((item) => revived.has(item.id));
  await statements.run(
    `UPDATE work_items SET status = given.status, reason = NULL, version = version + 1, updated_at = $1
      FROM unnest($2::text[], $3::text[]) AS given (item, status) WHERE tenant = $4 AND id = given.item`,
    at,
    items.map((item) => item.id),
    items.map((item) => (item.needs.every((need) => completed.has(need)) ? 'ready' : 'blocked')),
    tenant,
  );
  await statements.run(
    `UPDATE convoys SET status = 'running', reason = NULL, ended_at = NULL, version = version + 1, deadline_at = $1::bigint + timeout_ms,
      retried_by = $2 WHERE tenant = $3 AND id = $4`,
    at,
    commandId,
    tenant,
    id,
  );
}

async function pastItems(statements: Statements, { tenant, id }: ConvoyCommand): Promise<readonly PastItem[]> {
  const rows = await statements.all(
    `SELECT id, status, execution_id IS NOT NULL, dependencies FROM work_items
      WHERE convoy_id = $1 AND tenant = $2 AND item_key IS NOT NULL ORDER BY no`,
    id,
    tenant,
  );
  return rows.map(([item, was, wasStarted, needs]) => ({
    id: String(item),
    status: was as WorkItemStatus,
    wasStarted: wasStarted === true,
    needs: JSON.parse(String(needs)) as string[],
  }));
}
