import type { Clock } from '../../kernel/clock.ts';
import type { ApprovalRequest } from '../approval-store.ts';
import type { Commit, Committed, JournalSession, PendingSignal } from '../execution-store.ts';
import { amountOf } from '../budget.ts';
import { askKeyOf } from '../journal.ts';
import type { JournalRecord, StatusRecord } from '../journal.ts';
import { addUsage, noUsage } from '../usage.ts';
import type { Usage } from '../usage.ts';
import { journalColumns } from './journal-row.ts';
import type {
  ApprovalColumns,
  CommitCharges,
  CommitMore,
  CommitUsage,
  StatusColumns,
} from './operations/committing.ts';
import type { Row } from './statements.ts';
import { usageColumns } from './usage-columns.ts';
import type { Writer } from './writer.ts';

/** The answer to most commits. */
const asleep: Committed = { awake: false, settled: [] };

/** What a session knows of its claim: whose, and which row. */
export interface SessionPlace {
  readonly tenant: string;
  readonly executionId: string;
  readonly no: number;
  readonly epoch: number;
}

/** The write side of one claim on the writer thread. */
export class SqliteJournalSession implements JournalSession {
  readonly epoch: number;
  readonly #writer: Writer;
  readonly #clock: Clock;
  readonly #place: SessionPlace;

  constructor(writer: Writer, clock: Clock, place: SessionPlace) {
    this.epoch = place.epoch;
    this.#writer = writer;
    this.#clock = clock;
    this.#place = place;
  }

  async commit(commit: Commit): Promise<Committed> {
    const { tenant, executionId, no, epoch } = this.#place;
    const { records } = commit;
    const status = records.find((record) => record.kind === 'status');
    const answer = await this.#writer.run('commit', [
      no,
      epoch,
      this.#clock.now(),
      tenant,
      executionId,
      records.map(journalColumns),
      status === undefined ? null : statusColumns(status),
      usageOf(records),
      moreOf(commit),
      chargesOf(commit),
    ]);
    return answer ?? asleep;
  }

  async signals(): Promise<readonly PendingSignal[]> {
    return (await this.#writer.run('pendingSignals', this.#place.no)).map(pendingSignal);
  }
}

export function pendingSignal(row: Row): PendingSignal {
  return { id: String(row[0]), name: String(row[1]), payload: String(row[2]) };
}

function statusColumns({ status, output, error, reason, wakeAt }: StatusRecord): StatusColumns {
  return [status, output ?? null, error === undefined ? null : JSON.stringify(error), reason ?? null, wakeAt ?? null];
}

function usageOf(records: readonly JournalRecord[]): CommitUsage | null {
  let total: Usage | null = null;
  const byAsk = new Map<string, Usage>();
  for (const record of records) {
    if (record.kind !== 'step' || record.usage === null) continue;
    total = addUsage(total ?? noUsage, record.usage);
    const ask = askKeyOf(record);
    if (ask !== null) byAsk.set(ask, addUsage(byAsk.get(ask) ?? noUsage, record.usage));
  }
  if (total === null) return null;
  return { total: usageColumns(total), asks: [...byAsk].map(([ask, usage]) => [ask, usageColumns(usage)]) };
}

/** Only model calls have a reservation, so only their ends settle one. */
function chargesOf({ records, reserves }: Commit): CommitCharges | null {
  let settles: CommitCharges['settles'][number][] | null = null;
  for (const record of records) {
    if (record.kind !== 'step' || record.type !== 'model') continue;
    if (record.phase !== 'completed' && record.phase !== 'failed') continue;
    const { microUsd, tokens } = amountOf(record.usage ?? noUsage);
    (settles ??= []).push([record.key, record.attempt, microUsd, tokens]);
  }
  if (reserves === undefined) return settles === null ? null : { settles, reserves: null };
  const { key, attempt, usage, mayRaise } = reserves;
  const { microUsd, tokens } = amountOf(usage);
  return { settles: settles ?? [], reserves: [key, attempt, microUsd, tokens, usage.unpricedCalls > 0, mayRaise] };
}

function moreOf({ records, items, takesSignal, awaitedSignals, closesItems = false }: Commit): CommitMore | null {
  const approvals: ApprovalColumns[] = [];
  const endedApprovals: string[] = [];
  for (const record of records) {
    if (record.kind !== 'step' || record.type !== 'approval') continue;
    if (record.phase === 'completed') endedApprovals.push(record.key);
    if (record.phase === 'waiting' && record.details !== null)
      approvals.push(approvalColumns(record.key, record.details));
  }
  if (
    items === undefined &&
    takesSignal === undefined &&
    awaitedSignals === undefined &&
    !closesItems &&
    approvals.length + endedApprovals.length === 0
  )
    return null;
  return {
    items: items ?? [],
    approvals,
    endedApprovals,
    takesSignal: takesSignal ?? null,
    awaitedSignals: awaitedSignals ?? [],
    closesItems,
  };
}

function approvalColumns(key: string, details: string): ApprovalColumns {
  // Encoded by the approval step from an ApprovalRequest.
  const request = JSON.parse(details) as ApprovalRequest;
  return [request.id, key, request.title, request.details, JSON.stringify(request.choices)];
}
