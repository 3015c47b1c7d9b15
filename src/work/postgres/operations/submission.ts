import { SquadraError } from '../../../kernel/errors.ts';
import type { ExecutionStatus } from '../../execution.ts';
import type { NewExecution } from '../../execution-store.ts';
import type { Statements } from '../database.ts';
import { storedText } from '../stored-text.ts';

/** What made the execution, where that was no submission. */
export interface ExecutionOrigin {
  readonly convoyItem?: string;
  readonly scheduleId?: string;
  readonly tick?: number;
}

export interface Submission {
  readonly tenant: string;
  readonly execution: NewExecution;
  readonly origin?: ExecutionOrigin;
}

/** `no` is the number of its row. */
export interface StoredSubmission {
  readonly id: string;
  readonly status: ExecutionStatus;
  readonly existing: boolean;
  readonly no: number;
}

/**
 * Stores executions with their first records: the request, and each status up to the one they are accepted in. Those that
 * are there already are left out of the answer. Keys come in one order, so that no two groups wait for each other.
 * Who starts one for a convoy or a schedule tells the engine of it itself.
 */
const insertSql = `WITH given AS (
    SELECT * FROM json_to_recordset($1::json) AS g (tenant text, id text, workflow text, squad_id text, squad_version integer, status text,
      priority integer, input text, is_request smallint, metadata text, idempotency_key text, request_hash text, created_at bigint,
      user_id text, traceparent text, convoy_item text, schedule_id text, tick bigint)
  ),
  stored AS (
    INSERT INTO executions (tenant, id, workflow, squad_id, squad_version, status, priority, input, is_request, metadata, idempotency_key,
        request_hash, created_at, user_id, traceparent, convoy_item, schedule_id, tick, started_at, epoch, last_seq)
      SELECT given.*, CASE WHEN status = 'running' THEN created_at END, CASE WHEN status = 'running' THEN 1 ELSE 0 END,
          1 + is_request + CASE WHEN status = 'running' THEN 1 ELSE 0 END
        FROM given ORDER BY tenant, idempotency_key, id
      ON CONFLICT DO NOTHING
      RETURNING no, tenant, id, status, priority, is_request, created_at, coalesce(convoy_item, schedule_id) AS maker
  ),
  noted AS (
    INSERT INTO journal (execution, seq, tenant, at, kind, type, phase)
      SELECT no, seq, tenant, created_at, kind, type, phase FROM stored CROSS JOIN LATERAL (VALUES
        (is_request = 1, 1, 'message', 'user', 'request'),
        (true, is_request + 1, 'status', CASE WHEN status = 'running' THEN 'queued' ELSE status END, NULL),
        (status = 'running', is_request + 2, 'status', 'running', NULL)) AS record (is_there, seq, kind, type, phase)
        WHERE is_there ORDER BY no, seq
  ),
  told AS (
    INSERT INTO outbox (execution, execution_id, tenant, priority, is_start, created_at)
      SELECT no, id, tenant, priority, 1, created_at FROM stored WHERE status = 'queued' AND maker IS NULL
  )
  SELECT tenant, id, no FROM stored`;

/** Each with its own outcome, in their order. */
export async function insertExecutions(
  statements: Statements,
  submissions: readonly Submission[],
): Promise<(StoredSubmission | SquadraError)[]> {
  const rows = await statements.all(insertSql, JSON.stringify(submissions.map(columns)));
  const numbers = new Map(rows.map(([tenant, id, no]) => [`${String(tenant)}\n${String(id)}`, Number(no)]));
  const outcomes: (StoredSubmission | SquadraError)[] = [];
  for (const submission of submissions) {
    const { tenant, execution } = submission;
    const no = numbers.get(`${tenant}\n${execution.id}`);
    outcomes.push(
      no === undefined
        ? await earlier(statements, submission)
        : { id: execution.id, status: execution.status, existing: false, no },
    );
  }
  return outcomes;
}

/** In a transaction, with the budget that was given. Throws `IDEMPOTENCY_CONFLICT`. */
export async function insertExecution(
  statements: Statements,
  tenant: string,
  execution: NewExecution,
  origin: ExecutionOrigin = {},
): Promise<StoredSubmission> {
  const [stored] = await insertExecutions(statements, [{ tenant, execution, origin }]);
  if (stored === undefined || stored instanceof SquadraError)
    throw stored ?? new SquadraError('INTERNAL', `Execution ${execution.id} was not stored.`);
  if (stored.existing || execution.budget === null) return stored;
  const { limitMicroUsd, limitTokens, onExceeded } = execution.budget;
  await statements.run(
    `INSERT INTO budgets (tenant, scope, scope_id, period, limit_micro_usd, limit_tokens, on_exceeded, updated_at)
      VALUES ($1, 'execution', $2, 'total', $3, $4, $5, $6)`,
    tenant,
    execution.id,
    limitMicroUsd,
    limitTokens,
    onExceeded,
    execution.createdAt,
  );
  return stored;
}

/** The one that was there: under the same key, or the same one, whose answer was lost. */
async function earlier(
  statements: Statements,
  { tenant, execution: { id, idempotency } }: Submission,
): Promise<StoredSubmission | SquadraError> {
  const same = 'SELECT id, status, request_hash, no FROM executions WHERE tenant = $1 AND';
  const found =
    (idempotency === null
      ? undefined
      : await statements.first(`${same} idempotency_key = $2`, tenant, idempotency.key)) ??
    (await statements.first(`${same} id = $2`, tenant, id));
  if (found === undefined)
    return new SquadraError('STORE_FAILED', `Execution ${id} was not stored: something else stood in its place.`);
  if (idempotency !== null && found[2] !== idempotency.requestHash)
    return new SquadraError(
      'IDEMPOTENCY_CONFLICT',
      `The idempotency key '${idempotency.key}' was used for another request (execution ${String(found[0])}).`,
      { details: { executionId: String(found[0]) } },
    );
  const isSame = found[0] === id;
  return { id: String(found[0]), status: found[1] as ExecutionStatus, existing: !isSame, no: Number(found[3]) };
}

function columns({ tenant, execution, origin = {} }: Submission): Record<string, unknown> {
  return {
    tenant: storedText(tenant),
    id: storedText(execution.id),
    workflow: storedText(execution.workflow),
    squad_id: execution.squadId,
    squad_version: execution.squadVersion,
    status: execution.status,
    priority: execution.priority,
    input: storedText(execution.input),
    is_request: execution.isRequest ? 1 : 0,
    metadata: storedText(execution.metadata),
    idempotency_key: execution.idempotency === null ? null : storedText(execution.idempotency.key),
    request_hash: execution.idempotency?.requestHash ?? null,
    created_at: execution.createdAt,
    user_id: execution.userId === null ? null : storedText(execution.userId),
    traceparent: execution.traceparent,
    convoy_item: origin.convoyItem ?? null,
    schedule_id: origin.scheduleId ?? null,
    tick: origin.tick ?? null,
  };
}
