import { executionColumnNames, executionOf } from '../../rows/execution-row.ts';
import type { Row } from '../../rows/row.ts';
import type { Statements } from '../database.ts';
import { recordColumns } from '../queries/record-columns.ts';

export interface ClaimRequest {
  readonly tenant: string;
  readonly id: string;
}

/** `execution` is a row of `executionColumnNames`, `journal` of `recordColumns`, `signals` of id, name, payload. */
export interface ClaimedRows {
  readonly no: number;
  readonly execution: Row;
  readonly journal: readonly Row[];
  readonly signals: readonly Row[];
}

const columns = executionColumnNames
  .split(',')
  .map((name) => `e.${name.trim()}`)
  .join(', ');

/**
 * Raises the epoch, notes the change of status, and takes what was to be told to the engine. A run found `running` has lost its
 * owner: the status stays, but who reads the journal should see it. Whatever is known of the tables, each row is found by its index
 * (OFFSET 0): a fleet that has just begun has no statistics of them, and would read them from end to end.
 */
const claimSql = `WITH found AS (
    SELECT e.no, e.status, g.place FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS g (tenant, id, place)
      JOIN executions e ON e.tenant = g.tenant COLLATE "C" AND e.id = g.id COLLATE "C"
      WHERE e.status IN ('queued', 'running', 'waiting') ORDER BY e.no FOR UPDATE OF e
  ),
  raised AS (
    UPDATE executions e SET status = 'running', epoch = epoch + 1, commits = 0, last_seq = last_seq + 1,
        version = version + CASE WHEN e.status = 'running' THEN 0 ELSE 1 END, wake_at = NULL, reason = NULL,
        started_at = coalesce(started_at, $3::bigint)
      FROM found WHERE e.no = found.no
      RETURNING found.place, found.status AS was, e.no, e.last_seq, ${columns}
  ),
  noted AS (
    INSERT INTO journal (execution, seq, tenant, at, kind, type, data)
      SELECT no, last_seq, tenant, $3, 'status', 'running', CASE WHEN was = 'running' THEN '{"reason":"resumed"}' END FROM raised
  ),
  told AS (
    DELETE FROM outbox WHERE no = ANY(ARRAY(SELECT mine.no FROM raised
      CROSS JOIN LATERAL (SELECT o.no FROM outbox o WHERE o.execution = raised.no OFFSET 0) AS mine))
  )
  SELECT place, no, last_seq, ${executionColumnNames} FROM raised`;

/** Those of different executions; null where there is nothing to run. */
export async function claimExecutions(
  statements: Statements,
  claims: readonly ClaimRequest[],
  at: number,
): Promise<(ClaimedRows | null)[]> {
  const raised = await statements.all(
    claimSql,
    claims.map(({ tenant }) => tenant),
    claims.map(({ id }) => id),
    at,
  );
  if (raised.length === 0) return claims.map(() => null);
  const numbers = raised.map((row) => Number(row[1]));
  const ends = raised.map((row) => Number(row[2]));
  const records = byFirst(
    await statements.all(
      `SELECT execution, ${recordColumns} FROM unnest($1::bigint[], $2::bigint[]) AS of (no, last)
        CROSS JOIN LATERAL (SELECT * FROM journal j WHERE j.execution = of.no AND j.seq <= of.last ORDER BY j.seq OFFSET 0) AS journal
        ORDER BY execution, seq`,
      numbers,
      ends,
    ),
  );
  const signals = byFirst(
    await statements.all(
      `SELECT execution, id, name, payload FROM signals WHERE execution = ANY($1::bigint[]) AND taken_at IS NULL ORDER BY execution, no`,
      numbers,
    ),
  );
  const found = new Map(raised.map((row) => [Number(row[0]) - 1, row]));
  return claims.map((_, place) => {
    const row = found.get(place);
    if (row === undefined) return null;
    const no = Number(row[1]);
    return { no, execution: row.slice(3), journal: records.get(no) ?? [], signals: signals.get(no) ?? [] };
  });
}

export async function claimExecution(
  statements: Statements,
  tenant: string,
  id: string,
  at: number,
): Promise<ClaimedRows | null> {
  return (await claimExecutions(statements, [{ tenant, id }], at))[0] ?? null;
}

/** Whether a claim is the last one still. */
export async function isClaimed(statements: Statements, { no, execution }: ClaimedRows): Promise<boolean> {
  const sql = "SELECT 1 FROM executions WHERE no = $1 AND epoch = $2 AND status = 'running'";
  return (await statements.first(sql, no, executionOf(execution).epoch)) !== undefined;
}

/** The rest of the rows by their first column. */
function byFirst(rows: readonly Row[]): ReadonlyMap<number, readonly Row[]> {
  const found = new Map<number, Row[]>();
  for (const [first, ...rest] of rows) {
    const no = Number(first);
    const list = found.get(no);
    if (list === undefined) found.set(no, [rest]);
    else list.push(rest);
  }
  return found;
}
