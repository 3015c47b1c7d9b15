import type { DatabaseSync } from 'node:sqlite';
import { prepare } from '../statements.ts';

export type PruneArguments = readonly [endedBefore: number, atMost: number];

/** Deletes completed and cancelled executions that ended before a time, with all that belongs to them. */
export function retention(database: DatabaseSync): (prune: PruneArguments) => number {
  const old = prepare(
    database,
    `SELECT no, tenant, id, squad_id, squad_version FROM executions
      WHERE ended_at IS NOT NULL AND status IN ('completed', 'cancelled') AND ended_at < ? ORDER BY ended_at LIMIT ?`,
  );
  const parts = [
    'journal WHERE execution',
    'signals WHERE execution',
    'approvals WHERE execution',
    'executions WHERE no',
  ].map((part) => prepare(database, `DELETE FROM ${part} = ?`));
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
      AND NOT EXISTS (SELECT 1 FROM executions WHERE squad_id = ?2)`,
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
  return ([endedBefore, atMost]) => {
    const rows = old.all(endedBefore, atMost);
    if (rows.length > 0) mark.run();
    const squads = new Map<string, string>();
    for (const [no, tenant, id, squadId, squadVersion] of rows) {
      for (const [item] of items.all(String(id), String(tenant))) dependencies.run(String(tenant), String(item));
      for (const part of parts) part.run(Number(no));
      if (typeof squadId !== 'string') continue;
      squads.set(squadId, String(tenant));
      if (Number(squadVersion) < 0) snapshot.run(String(tenant), squadId, Number(squadVersion));
    }
    for (const [squadId, tenant] of squads) versions.run(tenant, squadId);
    return rows.length;
  };
}
