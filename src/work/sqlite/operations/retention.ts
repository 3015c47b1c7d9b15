import type { DatabaseSync } from 'node:sqlite';
import { prepare } from '../statements.ts';
import { budgetsRemoval } from './budgets.ts';
import type { Metering } from './metrics.ts';

export type OldArguments = readonly [endedBefore: number, atMost: number];

/** An execution, by its number and its id: a number alone may have been given to another one meanwhile. */
export type OldExecution = readonly [no: number, id: string];

/**
 * Completed and cancelled executions that ended before a time, the oldest end first: nothing changes them any more. None while
 * metrics have not counted all records.
 */
export function oldExecutions(database: DatabaseSync, metrics: Metering): (old: OldArguments) => OldExecution[] {
  const old = prepare(
    database,
    `SELECT no, id FROM executions
      WHERE ended_at IS NOT NULL AND status IN ('completed', 'cancelled') AND ended_at < ? ORDER BY ended_at LIMIT ?`,
  );
  return ([endedBefore, atMost]) =>
    metrics.isBehind() ? [] : old.all(endedBefore, atMost).map(([no, id]) => [Number(no), String(id)] as const);
}

/** Deletes executions that are old, with all that belongs to them. Returns how many were there. */
export function retention(database: DatabaseSync, metrics: Metering): (old: readonly OldExecution[]) => number {
  const find = prepare(database, 'SELECT tenant, squad_id, squad_version FROM executions WHERE no = ? AND id = ?');
  const parts = [
    'journal WHERE execution',
    'signals WHERE execution',
    'approvals WHERE execution',
    'executions WHERE no',
  ].map((part) => prepare(database, `DELETE FROM ${part} = ?`));
  const removeBudgets = budgetsRemoval(database);
  const items = prepare(
    database,
    'DELETE FROM work_items WHERE execution_id = ? AND +tenant = ? AND step_key IS NOT NULL RETURNING id',
  );
  const dependencies = prepare(database, 'DELETE FROM work_item_dependencies WHERE tenant = ? AND dependency = ?');
  // Versions are kept for the executions that pin them, also after the squad was removed.
  const versions = prepare(
    database,
    `DELETE FROM squad_versions WHERE tenant = ?1 AND squad_id = ?2
      AND NOT EXISTS (SELECT 1 FROM squads WHERE tenant = ?1 AND id = ?2)
      AND NOT EXISTS (SELECT 1 FROM executions WHERE squad_id = ?2)
      AND NOT EXISTS (SELECT 1 FROM convoys WHERE tenant = ?1 AND squad_id = ?2)`,
  );
  // A snapshot of a fork is needed by nobody but the fork and what was forked from that.
  const snapshot = prepare(
    database,
    `DELETE FROM squad_versions WHERE tenant = ?1 AND squad_id = ?2 AND version = ?3
      AND NOT EXISTS (SELECT 1 FROM executions WHERE squad_id = ?2 AND squad_version = ?3)`,
  );
  // A row of nobody's at the end of the journal: with it in place the numbers of what is deleted are not given again.
  const mark = prepare(
    database,
    `INSERT OR REPLACE INTO journal (no, execution, seq, tenant, at, kind)
      SELECT coalesce(max(no), 0) + 1, 0, 0, '', 0, 'mark' FROM journal`,
  );
  return (old) => {
    // What is deleted cannot be counted again after a crash.
    metrics.keep();
    if (old.length > 0) mark.run();
    let deleted = 0;
    const squads = new Map<string, string>();
    for (const [no, id] of old) {
      const found = find.first(no, id);
      if (found === undefined) continue;
      const [tenant, squadId, squadVersion] = found;
      for (const [item] of items.all(id, String(tenant))) dependencies.run(String(tenant), String(item));
      removeBudgets(String(tenant), 'execution', id);
      for (const part of parts) part.run(no);
      deleted += 1;
      if (typeof squadId !== 'string') continue;
      squads.set(squadId, String(tenant));
      if (Number(squadVersion) < 0) snapshot.run(String(tenant), squadId, Number(squadVersion));
    }
    for (const [squadId, tenant] of squads) versions.run(tenant, squadId);
    return deleted;
  };
}
