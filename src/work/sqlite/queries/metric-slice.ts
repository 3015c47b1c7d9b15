import type { DatabaseSync } from 'node:sqlite';
import { paidIn } from '../../metrics/happening.ts';
import type { Happening } from '../../metrics/happening.ts';
import { MinuteTally } from '../../metrics/minute-tally.ts';
import { text, textOrNull, whole, wholeOrNull } from '../columns.ts';
import { minuteRow } from '../metric-row.ts';
import type { MinuteRow } from '../metric-row.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';

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
    `SELECT no, tenant, at, seq, kind, type, phase, CASE WHEN kind = 'step' THEN data END,
        CASE WHEN kind = 'status' AND type IN ('completed', 'failed', 'cancelled')
          THEN (SELECT created_at FROM executions WHERE executions.no = journal.execution) END,
        CASE WHEN type = 'model' AND phase = 'completed' THEN (SELECT intent.at FROM journal AS intent
          WHERE intent.execution = journal.execution AND intent.seq < journal.seq AND intent.key = journal.key AND intent.phase = 'intent'
          ORDER BY intent.seq DESC LIMIT 1) END
      FROM journal WHERE no > ? AND no <= ? ORDER BY no LIMIT ?`,
  );
  return ({ after, through, limit }) => {
    const tally = new MinuteTally();
    const rows = records.all(after, through, limit);
    for (const row of rows) for (const happening of happenings(row)) tally.add(happening);
    return {
      upTo: rows.length < limit ? through : whole(rows.at(-1)?.[0]),
      minutes: [...tally.minutes()].map(minuteRow),
    };
  };
}

/** What a record tells. The first one of each execution tells that it was accepted, whatever else it says. */
function* happenings(row: Row): Iterable<Happening> {
  const [tenant, at, seq] = [text(row[1]), whole(row[2]), whole(row[3])];
  const [kind, type, phase] = [text(row[4]), text(row[5]), text(row[6])];
  if (seq === 1) yield { kind: 'submitted', tenant, at };
  const acceptedAt = wholeOrNull(row[8]);
  const isEnd = type === 'completed' || type === 'failed' || type === 'cancelled';
  if (kind === 'status' && isEnd && acceptedAt !== null) yield { kind: 'ended', tenant, at, status: type, acceptedAt };
  if (kind !== 'step' || (phase !== 'completed' && phase !== 'failed')) return;
  const { usage, isInherited } = paidIn(textOrNull(row[7]));
  if (isInherited) return;
  yield {
    kind: 'step',
    tenant,
    at,
    isModel: type === 'model',
    isFailed: phase === 'failed',
    usage,
    sentAt: wholeOrNull(row[9]),
  };
}
