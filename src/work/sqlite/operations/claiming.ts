import type { DatabaseSync } from 'node:sqlite';
import { executionColumnNames } from '../../rows/execution-row.ts';
import { recordColumns } from '../record-columns.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';

export type ClaimArguments = readonly [tenant: string, id: string, at: number];

/** Rows as they lie in the file; the main thread maps them. Null when there is nothing to run. */
export interface ClaimResult {
  readonly no: number;
  readonly execution: Row;
  readonly journal: readonly Row[];
  readonly signals: readonly Row[];
}

/** The signals of an execution (by its number) that no wait took yet, oldest first. */
export function pendingSignals(database: DatabaseSync): (no: number) => Row[] {
  const signals = prepare(
    database,
    'SELECT id, name, payload FROM signals WHERE execution = ? AND taken_at IS NULL ORDER BY no',
  );
  return (no) => signals.all(no);
}

/** Raises the epoch, notes the change of status and hands out everything a run starts from. */
export function claiming(database: DatabaseSync): (claim: ClaimArguments) => ClaimResult | null {
  const before = prepare(database, 'SELECT no, status FROM executions WHERE id = ? AND tenant = ?');
  const raise = prepare(
    database,
    `UPDATE executions SET status = 'running', epoch = epoch + 1, version = version + (status <> 'running'), wake_at = NULL, reason = NULL,
      started_at = coalesce(started_at, ?) WHERE no = ? RETURNING ${executionColumnNames}`,
  );
  const records = prepare(database, `SELECT ${recordColumns} FROM journal WHERE execution = ? ORDER BY seq`);
  const place = prepare(database, 'SELECT coalesce(max(seq), 0) + 1 FROM journal WHERE execution = ?');
  const status = prepare(
    database,
    "INSERT INTO journal (execution, seq, tenant, at, kind, type, data) VALUES (?, ?, ?, ?, 'status', 'running', ?)",
  );
  const signals = pendingSignals(database);

  return ([tenant, id, at]) => {
    const found = before.first(id, tenant);
    if (found === undefined) return null;
    const [no, was] = [Number(found[0]), String(found[1])];
    if (was !== 'queued' && was !== 'running' && was !== 'waiting') return null;
    const execution = raise.first(at, no);
    if (execution === undefined) return null;
    // A run found `running` has lost its owner: the status stays, but who reads the journal should see it.
    const data = was === 'running' ? '{"reason":"resumed"}' : null;
    status.run(no, Number(place.first(no)?.[0]), tenant, at, data);
    return { no, execution, journal: records.all(no), signals: signals(no) };
  };
}
