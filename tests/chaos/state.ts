/**
 * What the database file says, read by plain SQL and none of Squadra's own code: a verdict that asked the accused how to
 * read the evidence would be worth little.
 */
import { DatabaseSync } from 'node:sqlite';
import { wrongMetrics } from '../support/recounted-metrics.ts';

/** A row of `executions`; the usage columns under their own names. */
export interface ExecutionRow {
  readonly no: number;
  readonly id: string;
  readonly workflow: string;
  readonly status: string;
  readonly epoch: number;
  readonly wake_at: number | null;
  readonly ended_at: number | null;
  readonly idempotency_key: string | null;
  readonly output: string | null;
  readonly [column: string]: string | number | null;
}

export interface JournalRow {
  readonly execution: number;
  readonly seq: number;
  readonly at: number;
  readonly kind: string;
  readonly key: string | null;
  readonly type: string | null;
  readonly phase: string | null;
  readonly attempt: number | null;
  readonly data: string | null;
  readonly text: string | null;
}

export interface SignalRow {
  readonly no: number;
  readonly id: string;
  readonly execution: number;
  readonly name: string;
  readonly payload: string;
  readonly taken_at: number | null;
}

export interface ApprovalRow {
  readonly id: string;
  readonly execution: number;
  readonly step_key: string;
  readonly status: string;
  readonly choice: string | null;
}

export interface ItemRow {
  readonly id: string;
  readonly execution_id: string;
  readonly step_key: string;
  readonly status: string;
}

/** An execution with everything that belongs to it; the journal by `seq`. */
export interface ExecutionState {
  readonly row: ExecutionRow;
  readonly journal: readonly JournalRow[];
  readonly signals: readonly SignalRow[];
  readonly approvals: readonly ApprovalRow[];
  readonly items: readonly ItemRow[];
}

export interface State {
  readonly executions: ReadonlyMap<string, ExecutionState>;
  /** What SQLite finds wrong with the file. */
  readonly damage: readonly string[];
  /** Metrics that are not what the tables say. */
  readonly wrongMetrics: readonly string[];
}

export function readState(path: string): State {
  using database = new DatabaseSync(path, { readOnly: true });
  // The shapes are those of the columns asked for.
  const rows = <Row>(sql: string): Row[] => database.prepare(sql).all() as Row[];
  const journal = Map.groupBy(
    rows<JournalRow>(
      'SELECT execution, seq, at, kind, key, type, phase, attempt, data, text FROM journal ORDER BY execution, seq',
    ),
    ({ execution }) => execution,
  );
  const signals = Map.groupBy(
    rows<SignalRow>('SELECT no, id, execution, name, payload, taken_at FROM signals ORDER BY no'),
    ({ execution }) => execution,
  );
  const approvals = Map.groupBy(
    rows<ApprovalRow>('SELECT id, execution, step_key, status, choice FROM approvals'),
    ({ execution }) => execution,
  );
  const items = Map.groupBy(
    rows<ItemRow>('SELECT id, execution_id, step_key, status FROM work_items WHERE execution_id IS NOT NULL'),
    (item) => item.execution_id,
  );
  const executions = rows<ExecutionRow>('SELECT * FROM executions').map((row): [string, ExecutionState] => [
    row.id,
    {
      row,
      journal: journal.get(row.no) ?? [],
      signals: signals.get(row.no) ?? [],
      approvals: approvals.get(row.no) ?? [],
      items: items.get(row.id) ?? [],
    },
  ]);
  const damage = rows<{ integrity_check: string }>('PRAGMA integrity_check').map((row) => row.integrity_check);
  return {
    executions: new Map(executions),
    damage: damage.filter((line) => line !== 'ok'),
    wrongMetrics: wrongMetrics(database),
  };
}

/** Usage as a step record carries it; the columns of `executions` bear the same names in snake case. */
export type UsageData = Readonly<Record<string, number>>;

/** What a record keeps as JSON. */
export interface RecordData {
  readonly error?: { readonly code?: string } | null;
  readonly usage?: UsageData | null;
  readonly reason?: string;
}

export function dataOf(row: JournalRow): RecordData {
  return row.data === null ? {} : (JSON.parse(row.data) as RecordData);
}
