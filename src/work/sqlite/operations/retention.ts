import type { DatabaseSync } from 'node:sqlite';
import { prepare } from '../statements.ts';

export type PruneArguments = readonly [endedBefore: number, atMost: number];

/** Deletes completed and cancelled executions that ended before a time, with all that belongs to them. */
export function retention(database: DatabaseSync): (prune: PruneArguments) => number {
  const old = prepare(
    database,
    "SELECT no, id FROM executions WHERE ended_at IS NOT NULL AND status IN ('completed', 'cancelled') AND ended_at < ? ORDER BY ended_at LIMIT ?",
  );
  const parts = ['journal WHERE execution', 'signals WHERE execution', 'approvals WHERE execution', 'executions WHERE no'].map((part) =>
    prepare(database, `DELETE FROM ${part} = ?`),
  );
  const items = prepare(database, 'DELETE FROM work_items WHERE execution_id = ? AND step_key IS NOT NULL');
  return ([endedBefore, atMost]) => {
    const rows = old.all(endedBefore, atMost);
    for (const [no, id] of rows) {
      items.run(String(id));
      for (const part of parts) part.run(Number(no));
    }
    return rows.length;
  };
}
