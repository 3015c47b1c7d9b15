import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { SquadraError } from '../../../kernel/errors.ts';
import type { ExecutionStatus } from '../../execution.ts';
import type { HappeningSink } from '../../metrics/happening.ts';
import { prepare } from '../statements.ts';
import { insertBudgetSql } from './budgets.ts';
import type { BudgetLimitColumns } from './budgets.ts';

/** A submission as it travels to the writer thread. */
export type SubmitArguments = readonly [
  tenant: string,
  id: string,
  workflow: string,
  squadId: string | null,
  squadVersion: number | null,
  status: 'created' | 'queued' | 'running',
  priority: number,
  input: string,
  isRequest: 0 | 1,
  metadata: string,
  idempotencyKey: string | null,
  requestHash: string | null,
  createdAt: number,
  userId: string | null,
  traceparent: string | null,
  budget: BudgetLimitColumns | null,
];

/** `no` is the execution's number in the file. */
export interface SubmitResult {
  readonly id: string;
  readonly status: ExecutionStatus;
  readonly existing: boolean;
  readonly no: number;
}

/** Stores an execution with its first records: the request, and each status up to the one it is accepted in. */
export function submission(database: DatabaseSync, metrics: HappeningSink): (submit: SubmitArguments) => SubmitResult {
  const insert = prepare(
    database,
    `INSERT INTO executions (tenant, id, workflow, squad_id, squad_version, status, priority, input, is_request, metadata, idempotency_key, request_hash,
      created_at, user_id, traceparent, started_at, epoch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING no`,
  );
  const earlier = prepare(
    database,
    'SELECT id, status, request_hash, no FROM executions WHERE tenant = ? AND idempotency_key = ?',
  );
  const status = prepare(
    database,
    "INSERT INTO journal (execution, seq, tenant, at, kind, type) VALUES (?, ?, ?, ?, 'status', ?)",
  );
  const insertBudget = prepare(database, insertBudgetSql);
  const request = prepare(
    database,
    "INSERT INTO journal (execution, seq, tenant, at, kind, type, phase) VALUES (?, 1, ?, ?, 'message', 'user', 'request')",
  );

  return (submit) => {
    const [tenant, id, , , , accepted, , , isRequest, , key, hash, at, , , budget] = submit;
    if (key !== null) {
      const found = earlier.first(tenant, key);
      if (found !== undefined) {
        if (found[2] !== hash) {
          throw new SquadraError(
            'IDEMPOTENCY_CONFLICT',
            `The idempotency key '${key}' was used for another request (execution ${String(found[0])}).`,
            {
              details: { executionId: String(found[0]) },
            },
          );
        }
        return { id: String(found[0]), status: found[1] as ExecutionStatus, existing: true, no: Number(found[3]) };
      }
    }
    const running = accepted === 'running';
    // All but the budget, which has a row of its own.
    const columns = submit.slice(0, -1) as SQLInputValue[];
    const row = insert.first(...columns, running ? at : null, running ? 1 : 0);
    const no = Number(row?.[0]);
    if (budget !== null) insertBudget.run(tenant, 'execution', id, 'total', ...budget, at);
    let seq = 1;
    if (isRequest === 1) {
      request.run(no, tenant, at);
      seq++;
    }
    status.run(no, seq++, tenant, at, running ? 'queued' : accepted);
    if (running) status.run(no, seq++, tenant, at, 'running');
    metrics.note({ kind: 'submitted', tenant, at });
    return { id, status: accepted, existing: false, no };
  };
}
