import type { Clock } from '../../kernel/clock.ts';
import type { Answered, Approval, ApprovalAnswer, ApprovalFilter, ApprovalStore } from '../approval-store.ts';
import { approvalOf } from '../rows/approval-row.ts';
import type { ReaderPool } from './reader-pool.ts';
import type { Writer } from './writer.ts';

/** The reading half, which a process that does not own the state has too. */
export type ApprovalReports = Pick<ApprovalStore, 'get' | 'list'>;

export class SqliteApprovalReports implements ApprovalReports {
  readonly #readers: ReaderPool;

  constructor(readers: ReaderPool) {
    this.#readers = readers;
  }

  async get(tenant: string, id: string): Promise<Approval | null> {
    const row = await this.#readers.run('approval', { tenant, id });
    return row === undefined ? null : approvalOf(row);
  }

  async list(tenant: string, filter: ApprovalFilter): Promise<readonly Approval[]> {
    return (await this.#readers.run('approvals', { tenant, filter })).map(approvalOf);
  }
}

/** Approvals on one SQLite file. */
export class SqliteApprovalStore extends SqliteApprovalReports implements ApprovalStore {
  readonly #writer: Writer;
  readonly #clock: Clock;

  constructor(writer: Writer, readers: ReaderPool, clock: Clock) {
    super(readers);
    this.#writer = writer;
    this.#clock = clock;
  }

  async answer(tenant: string, id: string, answer: ApprovalAnswer, commandId?: string): Promise<Answered> {
    const command = { tenant, id, at: this.#clock.now(), answer };
    const { row, priority } = await this.#writer.run(
      'answer',
      commandId === undefined ? command : { ...command, commandId },
    );
    return { approval: approvalOf(row), priority };
  }
}
