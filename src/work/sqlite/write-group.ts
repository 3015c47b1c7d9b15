import type { DatabaseSync } from 'node:sqlite';
import { SquadraError } from '../../kernel/errors.ts';
import { toFailure } from '../../kernel/failure.ts';
import type { Failure } from '../../kernel/failure.ts';
import type { MetricNotes } from './metric-notes.ts';
import { metering, unmetered } from './operations/metrics.ts';
import { operations } from './operations/operations.ts';
import { storeError } from './sqlite-failure.ts';

/** Names and arguments in turn, so that a batch is one flat array to copy between threads. */
export type Batch = readonly unknown[];

/** A value for each operation, in order; those that failed are named by their place. */
export interface BatchOutcome {
  readonly values: readonly unknown[];
  readonly failures: readonly (readonly [place: number, failure: Failure])[];
}

/** What the thread sends back: the outcome of a group, and how many messages it was made from. */
export interface GroupReply extends BatchOutcome {
  readonly messages: number;
  /** From the first statement to the synced commit, in milliseconds. */
  readonly durationMs: number;
}

/**
 * Group commit, in the writer thread.
 *
 * W1  A group is one transaction: its outcomes are handed out after its COMMIT, or all of them as the error of the COMMIT.
 * W2  Each operation has its own outcome: one that is refused changes nothing and harms no other.
 * W3  An operation refuses before it writes. If one breaks in the middle of its writes, the transaction is rolled back
 *     and the group runs again with a savepoint around each operation.
 * W4  What is noted for the metrics shares the fate of what was written: it counts with the COMMIT, and is dropped otherwise.
 */
export function writeGroups(
  database: DatabaseSync,
  path: string,
  beforeCommit: () => void,
  notes: MetricNotes | null = null,
): (batch: Batch) => BatchOutcome {
  const metrics = notes === null ? unmetered : metering(database, notes);
  const table = new Map<string, (argument: unknown) => unknown>(
    // The arguments were typed where the operation was enqueued; here they are what came out of the message.
    Object.entries(operations(database, metrics)).map(([name, run]) => [name, run as (argument: unknown) => unknown]),
  );
  const call = (batch: Batch, place: number): unknown => {
    const run = table.get(String(batch[place * 2]));
    if (run === undefined)
      throw new SquadraError('INTERNAL', `The writer has no operation '${String(batch[place * 2])}'.`);
    return run(batch[place * 2 + 1]);
  };
  const attempt = (batch: Batch, guarded: boolean): BatchOutcome => {
    const count = batch.length / 2;
    const values: unknown[] = [];
    const failures: [number, Failure][] = [];
    database.exec('BEGIN IMMEDIATE');
    for (let place = 0; place < count; place++) {
      const mark = notes?.mark();
      try {
        if (guarded) database.exec('SAVEPOINT operation');
        values.push(call(batch, place));
        if (guarded) database.exec('RELEASE operation');
      } catch (error) {
        if (!guarded && !(error instanceof SquadraError)) throw error;
        // SQLite gave up all of the transaction (a full disk does that): no operation of the group took effect.
        if (!database.isTransaction) throw error;
        if (guarded) database.exec('ROLLBACK TO operation; RELEASE operation');
        notes?.drop(mark);
        values.push(null);
        failures.push([place, toFailure(storeError(error, path))]);
      }
    }
    beforeCommit();
    database.exec('COMMIT');
    notes?.commit();
    return { values, failures };
  };
  const rollBack = (): void => {
    notes?.drop();
    if (database.isTransaction) database.exec('ROLLBACK');
  };

  return (batch) => {
    try {
      return attempt(batch, false);
    } catch {
      rollBack();
    }
    try {
      return attempt(batch, true);
    } catch (error) {
      rollBack();
      const failure = toFailure(storeError(error, path));
      return {
        values: [],
        failures: Array.from({ length: batch.length / 2 }, (_, place) => [place, failure] as const),
      };
    }
  };
}
