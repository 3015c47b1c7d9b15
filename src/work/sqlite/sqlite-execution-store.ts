import type { Clock } from '../../kernel/clock.ts';
import type { Changed, Claim, ExecutionStore, NewExecution, Submitted } from '../execution-store.ts';
import type { Inheritance } from '../fork.ts';
import { executionOf } from '../rows/execution-row.ts';
import { journalColumns, journaled } from '../rows/journal-row.ts';
import type { JournalRow } from '../rows/journal-row.ts';
import { pendingSignal, SqliteJournalSession } from './journal-session.ts';
import type { ExecutionCommand } from './operations/commands.ts';
import type { SubmitArguments } from './operations/submission.ts';
import type { Writer } from './writer.ts';

/** The journal's write port on the writer thread. */
export class SqliteExecutionStore implements ExecutionStore {
  readonly #writer: Writer;
  readonly #clock: Clock;

  constructor(writer: Writer, clock: Clock) {
    this.#writer = writer;
    this.#clock = clock;
  }

  async submit(tenant: string, execution: NewExecution): Promise<Submitted> {
    const { id, status } = execution;
    const stored = await this.#writer.run('submit', submitArguments(tenant, execution));
    const claimed = !stored.existing && status === 'running';
    return {
      id: stored.id,
      status: stored.status,
      existing: stored.existing,
      session: claimed
        ? new SqliteJournalSession(this.#writer, this.#clock, { tenant, executionId: id, no: stored.no, epoch: 1 })
        : null,
    };
  }

  fork(tenant: string, execution: NewExecution, { records, items, snapshot }: Inheritance): Promise<number | null> {
    const submission = submitArguments(tenant, execution);
    return this.#writer.run('fork', { submission, records: records.map(journalColumns), items, snapshot });
  }

  start(tenant: string, id: string, commandId?: string): Promise<Changed> {
    return this.#writer.run('start', this.#command(tenant, id, commandId));
  }

  async claim(tenant: string, id: string, gone?: AbortSignal): Promise<Claim | null> {
    if (gone?.aborted === true) return null;
    const found = await this.#writer.run('claim', [tenant, id, this.#clock.now()]);
    if (found === null) return null;
    const execution = executionOf(found.execution);
    // Rows of `recordColumns`.
    const records = found.journal.map((row) => journaled(row as unknown as JournalRow));
    const place = { tenant, executionId: id, no: found.no, epoch: execution.epoch };
    return {
      execution,
      records,
      signals: found.signals.map(pendingSignal),
      session: new SqliteJournalSession(this.#writer, this.#clock, place),
    };
  }

  cancel(tenant: string, id: string, reason: string | null): Promise<Changed> {
    return this.#writer.run('cancel', { tenant, id, at: this.#clock.now(), reason });
  }

  retry(tenant: string, id: string, commandId?: string): Promise<Changed> {
    return this.#writer.run('retry', this.#command(tenant, id, commandId));
  }

  #command(tenant: string, id: string, commandId: string | undefined): ExecutionCommand {
    return { tenant, id, at: this.#clock.now(), ...(commandId === undefined ? {} : { commandId }) };
  }

  signal(
    tenant: string,
    id: string,
    signal: { readonly signalId: string; readonly name: string; readonly payload: string },
  ): Promise<Changed> {
    return this.#writer.run('signal', { tenant, id, at: this.#clock.now(), ...signal });
  }

  async prune(
    endedBefore: number,
    atMost: number,
    release?: (ids: readonly string[]) => Promise<void>,
  ): Promise<number> {
    const old = await this.#writer.run('oldExecutions', [endedBefore, atMost]);
    if (old.length === 0) return 0;
    await release?.(old.map(([, id]) => id));
    return this.#writer.run('prune', old);
  }
}

function submitArguments(tenant: string, execution: NewExecution): SubmitArguments {
  const { id, workflow, squadId, squadVersion, status, priority, input, metadata, idempotency, createdAt } = execution;
  const { isRequest, userId, traceparent, budget } = execution;
  return [
    tenant,
    id,
    workflow,
    squadId,
    squadVersion,
    status,
    priority,
    input,
    isRequest ? 1 : 0,
    metadata,
    idempotency?.key ?? null,
    idempotency?.requestHash ?? null,
    createdAt,
    userId,
    traceparent,
    budget === null ? null : [budget.limitMicroUsd, budget.limitTokens, budget.onExceeded],
  ];
}
