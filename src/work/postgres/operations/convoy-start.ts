import { SquadraError } from '../../../kernel/errors.ts';
import type { ChildStart } from '../../convoy-store.ts';
import type { NewExecution } from '../../execution-store.ts';
import { itemInput, shareOfResults } from '../../item-input.ts';
import type { ItemResult } from '../../item-input.ts';
import type { Row } from '../../rows/row.ts';
import type { Statements } from '../database.ts';
import { queueExecution } from './moving.ts';
import { insertExecutions } from './submission.ts';
import type { Submission } from './submission.ts';

/** Which convoy, when, and where the ids of new children come from. */
export interface StartPlace {
  readonly tenant: string;
  readonly convoyId: string;
  readonly at: number;
  readonly ids: () => string;
}

/** The workflow that children run. */
const childWorkflow = 'task';

const itemColumns = 'id, member_id, description, priority, dependencies, execution_id';

/** An item that is to be started: a row of `itemColumns`. */
interface ReadyItem {
  readonly id: string;
  readonly memberId: string;
  readonly message: string;
  readonly priority: number;
  readonly needs: readonly string[];
  readonly earlier: string | null;
}

/** Of the convoy, what its children get. */
type ConvoyRow = Row;

/** Starts an item with its child, if both it and its convoy are to go on. */
export async function startItem(statements: Statements, place: StartPlace, itemId: string): Promise<ChildStart | null> {
  const convoy = await runningConvoy(statements, place);
  if (convoy === undefined) return null;
  const rows = await statements.all(
    `SELECT ${itemColumns} FROM work_items WHERE tenant = $1 AND convoy_id = $2 AND id = $3 AND item_key IS NOT NULL AND status = 'ready'`,
    place.tenant,
    place.convoyId,
    itemId,
  );
  return (await startAll(statements, place, convoy, rows.map(readyItem)))[0] ?? null;
}

/** Starts as many ready items as may run beside those that run, the most urgent first, then in the order in which they were given. */
export async function startReady(
  statements: Statements,
  place: StartPlace,
  allowed: number,
): Promise<readonly ChildStart[]> {
  const convoy = await runningConvoy(statements, place);
  if (convoy === undefined) return [];
  const rows = await statements.all(
    `SELECT ${itemColumns} FROM work_items WHERE tenant = $1 AND convoy_id = $2 AND item_key IS NOT NULL AND status = 'ready'
      ORDER BY priority DESC, no LIMIT greatest(0, $3::bigint -
        (SELECT count(*) FROM work_items WHERE tenant = $1 AND convoy_id = $2 AND item_key IS NOT NULL AND status = 'in_progress'))`,
    place.tenant,
    place.convoyId,
    Math.max(0, Math.floor(allowed)),
  );
  return startAll(statements, place, convoy, rows.map(readyItem));
}

/** Its row is held until the transaction ends: nobody else starts, ends or stops items of it meanwhile. */
function runningConvoy(statements: Statements, { tenant, convoyId }: StartPlace): Promise<ConvoyRow | undefined> {
  return statements.first(
    `SELECT squad_id, squad_version, user_id, traceparent FROM convoys
      WHERE tenant = $1 AND id = $2 AND status = 'running' FOR UPDATE`,
    tenant,
    convoyId,
  );
}

function readyItem([id, memberId, message, priority, needs, earlier]: Row): ReadyItem {
  return {
    id: String(id),
    memberId: String(memberId),
    message: String(message),
    priority: Number(priority),
    needs: JSON.parse(String(needs)) as string[],
    earlier: typeof earlier === 'string' ? earlier : null,
  };
}

async function startAll(
  statements: Statements,
  place: StartPlace,
  convoy: ConvoyRow,
  items: readonly ReadyItem[],
): Promise<readonly ChildStart[]> {
  if (items.length === 0) return [];
  const { tenant, at } = place;
  const failed = await failedChildren(statements, tenant, items);
  const results = await resultsOf(statements, tenant, items);
  const children: ChildStart[] = [];
  const submissions: Submission[] = [];
  for (const item of items) {
    const earlier = item.earlier === null ? undefined : failed.get(item.earlier);
    if (earlier !== undefined && item.earlier !== null) {
      // It goes on where it failed: what it completed stays completed.
      await queueExecution(statements, earlier, { tenant, id: item.earlier, at });
      children.push({ itemId: item.id, executionId: item.earlier, priority: item.priority });
      continue;
    }
    const execution = childOf(place, convoy, item, beforeOf(item, results));
    submissions.push({ tenant, execution, origin: { convoyItem: item.id } });
    children.push({ itemId: item.id, executionId: execution.id, priority: item.priority });
  }
  await insertAll(statements, submissions);
  await tellEngine(statements, tenant, children, at);
  if (failed.size > 0) await readyItems(statements, tenant, [...failed.keys()], at);
  await begin(statements, tenant, children, at);
  return children;
}

async function insertAll(statements: Statements, submissions: readonly Submission[]): Promise<void> {
  if (submissions.length === 0) return;
  for (const outcome of await insertExecutions(statements, submissions)) {
    if (outcome instanceof SquadraError) throw outcome;
    if (outcome.existing) throw new SquadraError('STORE_FAILED', `Execution ${outcome.id} was there already.`);
  }
}

/** What `toOutbox` does, of all of them at once. */
async function tellEngine(
  statements: Statements,
  tenant: string,
  children: readonly ChildStart[],
  at: number,
): Promise<void> {
  await statements.run(
    `INSERT INTO outbox (execution, execution_id, tenant, priority, is_start, created_at)
      SELECT no, id, tenant, priority, 1, $1 FROM executions
        JOIN unnest($2::text[]) WITH ORDINALITY AS given (execution, place) ON id = given.execution
        WHERE tenant = $3 ORDER BY place`,
    at,
    children.map(({ executionId }) => executionId),
    tenant,
  );
}

function childOf(
  { at, ids }: StartPlace,
  [squadId, squadVersion, userId, traceparent]: ConvoyRow,
  { message, memberId, priority }: ReadyItem,
  before: readonly ItemResult[],
): NewExecution {
  return {
    id: ids(),
    userId: typeof userId === 'string' ? userId : null,
    workflow: childWorkflow,
    squadId: String(squadId),
    squadVersion: Number(squadVersion),
    status: 'queued',
    priority,
    input: itemInput(message, memberId, before),
    isRequest: true,
    metadata: 'null',
    idempotency: null,
    createdAt: at,
    traceparent: typeof traceparent === 'string' ? traceparent : null,
    budget: null,
  };
}

/** The numbers of earlier children that failed, by their ids. */
async function failedChildren(
  statements: Statements,
  tenant: string,
  items: readonly ReadyItem[],
): Promise<ReadonlyMap<string, number>> {
  const earlier = items.flatMap((item) => item.earlier ?? []);
  if (earlier.length === 0) return new Map();
  const rows = await statements.all(
    "SELECT id, no FROM executions WHERE tenant = $1 AND id = ANY($2::text[]) AND status = 'failed' ORDER BY no FOR UPDATE",
    tenant,
    earlier,
  );
  return new Map(rows.map(([id, no]) => [String(id), Number(no)]));
}

/** What the steps of failed children had as items is to be done again with them. */
async function readyItems(
  statements: Statements,
  tenant: string,
  executions: readonly string[],
  at: number,
): Promise<void> {
  await statements.run(
    `UPDATE work_items SET status = 'ready', reason = NULL, version = version + 1, updated_at = $1
      WHERE execution_id = ANY($2::text[]) AND tenant = $3 AND status = 'failed' AND step_key IS NOT NULL`,
    at,
    executions,
    tenant,
  );
}

async function begin(
  statements: Statements,
  tenant: string,
  children: readonly ChildStart[],
  at: number,
): Promise<void> {
  await statements.run(
    `UPDATE work_items SET status = 'in_progress', execution_id = given.execution, version = version + 1, updated_at = $1
      FROM unnest($2::text[], $3::text[]) AS given (item, execution) WHERE tenant = $4 AND id = given.item`,
    at,
    children.map(({ itemId }) => itemId),
    children.map(({ executionId }) => executionId),
    tenant,
  );
}

/** What the dependencies of the items ended with, by their ids. */
async function resultsOf(
  statements: Statements,
  tenant: string,
  items: readonly ReadyItem[],
): Promise<ReadonlyMap<string, ItemResult>> {
  const needs = [...new Set(items.flatMap((item) => item.needs))];
  if (needs.length === 0) return new Map();
  const rows = await statements.all(
    `SELECT work_items.id, item_key, executions.output FROM work_items
      JOIN executions ON executions.tenant = work_items.tenant AND executions.id = work_items.execution_id
      WHERE work_items.tenant = $1 AND work_items.id = ANY($2::text[]) AND item_key IS NOT NULL`,
    tenant,
    needs,
  );
  return new Map(
    rows.flatMap(([id, key, output]): [string, ItemResult][] => {
      const text = textOf(output);
      return text === null ? [] : [[String(id), { key: String(key), text }]];
    }),
  );
}

/** In the order of the dependencies; each has its share of the room there is. */
function beforeOf({ needs }: ReadyItem, results: ReadonlyMap<string, ItemResult>): readonly ItemResult[] {
  return needs.flatMap((need) => {
    const result = results.get(need);
    return result === undefined ? [] : [{ key: result.key, text: shareOfResults(result.text, needs.length) }];
  });
}

/** The text of a child's output, which is JSON. It is read here, because PostgreSQL reads no text with U+0000 in it out of JSON. */
export function textOf(output: unknown): string | null {
  const value: unknown = typeof output === 'string' ? JSON.parse(output) : null;
  if (typeof value !== 'object' || value === null || !('text' in value)) return null;
  return typeof value.text === 'string' ? value.text : null;
}
