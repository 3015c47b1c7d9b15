import { paidIn } from '../metrics/happening.ts';
import type { Happening } from '../metrics/happening.ts';
import { text, textOrNull, whole, wholeOrNull } from './columns.ts';
import type { Row } from './row.ts';

/** Of a row of `journal`: what metrics need to know, in the order of `happeningsOf`. */
export const happeningColumns = `journal.tenant, journal.at, journal.seq, journal.kind, journal.type, journal.phase,
  CASE WHEN kind = 'step' AND phase IN ('completed', 'failed') THEN data END,
  CASE WHEN kind = 'status' AND type IN ('completed', 'failed', 'cancelled')
    THEN (SELECT created_at FROM executions WHERE executions.no = journal.execution) END,
  CASE WHEN type = 'model' AND phase = 'completed' THEN (SELECT intent.at FROM journal AS intent
    WHERE intent.execution = journal.execution AND intent.seq < journal.seq AND intent.key = journal.key AND intent.phase = 'intent'
    ORDER BY intent.seq DESC LIMIT 1) END`;

/** What a record tells. The first one of each execution tells that it was accepted, whatever else it says. */
export function* happeningsOf(row: Row): Iterable<Happening> {
  const [tenant, at, seq] = [text(row[0]), whole(row[1]), whole(row[2])];
  const [kind, type, phase] = [text(row[3]), text(row[4]), text(row[5])];
  if (seq === 1) yield { kind: 'submitted', tenant, at };
  const acceptedAt = wholeOrNull(row[7]);
  const isEnd = type === 'completed' || type === 'failed' || type === 'cancelled';
  if (kind === 'status' && isEnd && acceptedAt !== null) yield { kind: 'ended', tenant, at, status: type, acceptedAt };
  if (kind !== 'step' || (phase !== 'completed' && phase !== 'failed')) return;
  const { usage, isInherited } = paidIn(textOrNull(row[6]));
  if (isInherited) return;
  yield {
    kind: 'step',
    tenant,
    at,
    isModel: type === 'model',
    isFailed: phase === 'failed',
    usage,
    sentAt: wholeOrNull(row[8]),
  };
}
