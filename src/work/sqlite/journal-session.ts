import type { Clock } from '../../kernel/clock.ts';
import type { Commit, Committed, JournalSession, PendingSignal } from '../execution-store.ts';
import { chargesOf, moreOf, statusColumns, usageOf } from '../rows/commit-columns.ts';
import { journalColumns } from '../rows/journal-row.ts';
import type { Row } from './statements.ts';
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
  /** As long as this process lives nobody else writes this file. */
  readonly isUnsure = false;
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
