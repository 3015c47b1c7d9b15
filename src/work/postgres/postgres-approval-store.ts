import type { Clock } from '../../kernel/clock.ts';
import type { Answered, Approval, ApprovalAnswer, ApprovalFilter, ApprovalStore } from '../approval-store.ts';
import { approvalColumnNames, approvalOf } from '../rows/approval-row.ts';
import type { Database } from './database.ts';
import { answerApproval } from './operations/answering.ts';
import { Conditions } from './queries/conditions.ts';

/** Approvals of a fleet. */
export class PostgresApprovalStore implements ApprovalStore {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async get(tenant: string, id: string): Promise<Approval | null> {
    const sql = `SELECT ${approvalColumnNames} FROM approvals WHERE id = $1 AND tenant = $2`;
    const row = await this.#database.first(sql, id, tenant);
    return row === undefined ? null : approvalOf(row);
  }

  async list(tenant: string, { status, executionId, before, limit }: ApprovalFilter): Promise<readonly Approval[]> {
    const where = new Conditions().add('tenant = ?', tenant);
    // Written out, not bound: so that the index of pending ones is used.
    if (status === 'pending') where.always("status = 'pending'");
    else where.add('status = ?', status);
    if (executionId !== undefined)
      where.add(`execution = (SELECT no FROM executions WHERE tenant = $1 AND id = ?)`, executionId);
    where.add('id < ?', before);
    const last = where.bind(limit);
    const sql = `SELECT ${approvalColumnNames} FROM approvals WHERE ${String(where)} ORDER BY id DESC LIMIT ${last}`;
    return (await this.#database.all(sql, ...where.values)).map(approvalOf);
  }

  async answer(tenant: string, id: string, answer: ApprovalAnswer, commandId?: string): Promise<Answered> {
    const command = { tenant, id, at: this.#clock.now(), answer, commandId };
    const { row, priority } = await this.#database.transaction((statements) => answerApproval(statements, command));
    return { approval: approvalOf(row), priority };
  }
}
