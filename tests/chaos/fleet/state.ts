/**
 * What the database of a fleet says, read by plain SQL and none of Squadra's own code: a verdict that asked the accused how to
 * read the evidence would be worth little.
 */
import pg from 'pg';
import type { ApprovalRow, ExecutionRow, ExecutionState, ItemRow, JournalRow, SignalRow, State } from '../state.ts';

/** What a fleet keeps beside what one process keeps. */
export interface FleetState extends State {
  readonly outbox: readonly { readonly no: number; readonly execution_id: string }[];
  readonly periods: readonly {
    readonly name: string;
    readonly spent_micro_usd: number;
    readonly spent_tokens: number;
    readonly reserved_micro_usd: number;
    readonly reserved_tokens: number;
  }[];
  readonly holds: readonly { readonly execution: number; readonly key: string; readonly attempt: number }[];
}

/** As it travels in a file. */
export type StoredState = Omit<FleetState, 'executions'> & { readonly executions: readonly ExecutionState[] };

const bigint = 20;

export async function readFleetState(databaseUrl: string): Promise<StoredState> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    // Numbers here are small enough to be numbers.
    types: { getTypeParser: (oid: number) => (oid === bigint ? Number : pg.types.getTypeParser(oid)) as never },
  });
  await client.connect();
  try {
    // The shapes are those of the columns asked for.
    const rows = async <Row>(sql: string): Promise<Row[]> => (await client.query(sql)).rows as Row[];
    const by = <Row, Key>(list: readonly Row[], key: (row: Row) => Key): Map<Key, Row[]> => Map.groupBy(list, key);
    const journal = by(
      await rows<JournalRow>(
        'SELECT execution, seq, at, kind, key, type, phase, attempt, data, text FROM journal ORDER BY execution, seq',
      ),
      ({ execution }) => execution,
    );
    const signals = by(
      await rows<SignalRow>('SELECT no, id, execution, name, payload, taken_at FROM signals ORDER BY no'),
      ({ execution }) => execution,
    );
    const approvals = by(
      await rows<ApprovalRow>('SELECT id, execution, step_key, status, choice FROM approvals'),
      ({ execution }) => execution,
    );
    const items = by(
      await rows<ItemRow>('SELECT id, execution_id, step_key, status FROM work_items WHERE execution_id IS NOT NULL'),
      (item) => item.execution_id,
    );
    const executions = (await rows<ExecutionRow>('SELECT * FROM executions')).map((row) => ({
      row,
      journal: journal.get(row.no) ?? [],
      signals: signals.get(row.no) ?? [],
      approvals: approvals.get(row.no) ?? [],
      items: items.get(row.id) ?? [],
    }));
    return {
      executions,
      damage: await orphans(rows),
      wrongMetrics: [],
      outbox: await rows('SELECT no, execution_id FROM outbox ORDER BY no'),
      periods: await rows(
        'SELECT name, spent_micro_usd, spent_tokens, reserved_micro_usd, reserved_tokens FROM budget_periods',
      ),
      holds: await rows('SELECT execution, key, attempt FROM budget_holds'),
    };
  } finally {
    await client.end();
  }
}

/** Rows that belong to nothing. */
async function orphans(rows: (sql: string) => Promise<{ readonly what: string }[]>): Promise<string[]> {
  const found = await rows(
    ['journal', 'signals', 'approvals']
      .map(
        (table) =>
          `SELECT '${table} of execution ' || execution AS what FROM ${table} WHERE execution NOT IN (SELECT no FROM executions)`,
      )
      .join(' UNION '),
  );
  return found.map(({ what }) => what);
}

export function unpack({ executions, ...state }: StoredState): FleetState {
  return { ...state, executions: new Map(executions.map((execution) => [execution.row.id, execution])) };
}
