import type { DatabaseSync } from 'node:sqlite';
import type { HappeningSink } from '../../metrics/happening.ts';
import { itemInput, shareOfResults } from '../../item-input.ts';
import type { ItemResult } from '../../item-input.ts';
import { executionColumnNames } from '../../rows/execution-row.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';
import { moving } from './commands.ts';
import { submission } from './submission.ts';

export type StartItemArguments = readonly [
  tenant: string,
  convoyId: string,
  itemId: string,
  executionId: string,
  accepted: 'queued' | 'running',
  at: number,
];

/** `row` is there when the child was claimed: a row of `executionColumnNames`. */
export interface StartedRow {
  readonly executionId: string;
  readonly priority: number;
  readonly no: number;
  readonly row: Row | null;
}

/** The workflow that children run. */
const childWorkflow = 'task';

/** Starts an item with its child in one commit; null when the item is not to be started. */
export function startingItems(
  database: DatabaseSync,
  metrics: HappeningSink,
): (start: StartItemArguments) => StartedRow | null {
  const find = prepare(
    database,
    `SELECT item.member_id, item.description, item.priority, item.dependencies, item.execution_id, convoys.squad_id, convoys.squad_version, convoys.user_id, convoys.traceparent
      FROM work_items AS item JOIN convoys ON convoys.tenant = item.tenant AND convoys.id = item.convoy_id
      WHERE item.tenant = ? AND item.id = ? AND convoys.id = ? AND item.item_key IS NOT NULL AND item.status = 'ready' AND convoys.status = 'running'`,
  );
  const begin = prepare(
    database,
    "UPDATE work_items SET status = 'in_progress', execution_id = ?, version = version + 1, updated_at = ? WHERE tenant = ? AND id = ?",
  );
  const failedChild = prepare(
    database,
    "SELECT no, priority FROM executions WHERE id = ? AND tenant = ? AND status = 'failed'",
  );
  const link = prepare(
    database,
    `UPDATE executions SET convoy_item = ? WHERE no = ? RETURNING ${executionColumnNames}`,
  );
  const move = moving(database, metrics);
  const submit = submission(database, metrics);
  const resultsOf = readingResults(database);

  return ([tenant, convoyId, itemId, executionId, accepted, at]) => {
    const found = find.first(tenant, itemId, convoyId);
    if (found === undefined) return null;
    const [member, message, priority, needs, earlier, squadId, squadVersion, userId, traceparent] = found;
    const failed = typeof earlier === 'string' ? failedChild.first(earlier, tenant) : undefined;
    if (failed !== undefined && typeof earlier === 'string') {
      // It goes on where it failed: what it completed stays completed.
      move.queue(Number(failed[0]), { tenant, id: earlier, at });
      move.readyItems({ tenant, id: earlier, at });
      begin.run(earlier, at, tenant, itemId);
      return { executionId: earlier, priority: Number(priority), no: Number(failed[0]), row: null };
    }
    const before = resultsOf(tenant, JSON.parse(String(needs)) as string[]);
    const input = itemInput(String(message), String(member), before);
    const squad = [String(squadId), Number(squadVersion)] as const;
    const user = typeof userId === 'string' ? userId : null;
    const { no } = submit([
      tenant,
      executionId,
      childWorkflow,
      ...squad,
      accepted,
      Number(priority),
      input,
      1,
      'null',
      null,
      null,
      at,
      user,
      typeof traceparent === 'string' ? traceparent : null,
      null,
    ]);
    const row = link.first(itemId, no) ?? null;
    begin.run(executionId, at, tenant, itemId);
    return { executionId, priority: Number(priority), no, row: accepted === 'running' ? row : null };
  };
}

/** What the dependencies of an item ended with, in their order; each has its share of the room there is. */
function readingResults(database: DatabaseSync): (tenant: string, needs: readonly string[]) => readonly ItemResult[] {
  const result = prepare(
    database,
    `SELECT item_key, json_extract(executions.output, '$.text') FROM work_items
      LEFT JOIN executions ON executions.tenant = work_items.tenant AND executions.id = work_items.execution_id
      WHERE work_items.tenant = ? AND work_items.id = ?`,
  );
  return (tenant, needs) => {
    return needs.flatMap((need) => {
      const [key, text] = result.first(tenant, need) ?? [];
      if (typeof key !== 'string' || typeof text !== 'string') return [];
      return [{ key, text: shareOfResults(text, needs.length) }];
    });
  };
}
