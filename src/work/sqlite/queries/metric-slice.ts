import type { DatabaseSync } from 'node:sqlite';
import { MinuteTally } from '../../metrics/minute-tally.ts';
import { whole } from '../../rows/columns.ts';
import { happeningColumns, happeningsOf } from '../../rows/happening-row.ts';
import { minuteRow } from '../../rows/metric-row.ts';
import type { MinuteRow } from '../../rows/metric-row.ts';
import { prepare } from '../statements.ts';

/** Records above one up to another, so many at a time. */
export interface SliceArguments {
  readonly after: number;
  readonly through: number;
  readonly limit: number;
}

/** What records up to one came to. */
export interface Slice {
  readonly upTo: number;
  readonly minutes: readonly MinuteRow[];
}

/** Counts what the journal tells, as it was counted when it was written. */
export function countSlice(database: DatabaseSync): (slice: SliceArguments) => Slice {
  const records = prepare(
    database,
    `SELECT ${happeningColumns}, no FROM journal WHERE no > ? AND no <= ? ORDER BY no LIMIT ?`,
  );
  return ({ after, through, limit }) => {
    const tally = new MinuteTally();
    const rows = records.all(after, through, limit);
    for (const row of rows) for (const happening of happeningsOf(row)) tally.add(happening);
    return {
      upTo: rows.length < limit ? through : whole(rows.at(-1)?.at(-1)),
      minutes: [...tally.minutes()].map(minuteRow),
    };
  };
}
