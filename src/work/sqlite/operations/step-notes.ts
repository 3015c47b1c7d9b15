import type { DatabaseSync } from 'node:sqlite';
import { paidIn } from '../../metrics/happening.ts';
import type { HappeningSink } from '../../metrics/happening.ts';
import type { JournalColumns } from '../../rows/journal-row.ts';
import { prepare } from '../statements.ts';

/** Tells the metrics of an attempt that ended, out of its record: the execution's number, tenant, time, columns. */
export function notingSteps(
  database: DatabaseSync,
  metrics: HappeningSink,
): (no: number, tenant: string, at: number, columns: JournalColumns) => void {
  const sentAt = prepare(
    database,
    "SELECT at FROM journal WHERE execution = ? AND key = ? AND phase = 'intent' ORDER BY seq DESC LIMIT 1",
  );
  return (no, tenant, at, [kind, key, type, phase, , , , data]) => {
    if (!metrics.isCounting || kind !== 'step' || (phase !== 'completed' && phase !== 'failed')) return;
    const { usage, isInherited } = paidIn(data);
    if (isInherited) return;
    const isModel = type === 'model';
    const isFailed = phase === 'failed';
    const sent = isModel && !isFailed ? sentAt.first(no, key)?.[0] : null;
    metrics.note({
      kind: 'step',
      tenant,
      at,
      isModel,
      isFailed,
      usage,
      sentAt: typeof sent === 'number' ? sent : null,
    });
  };
}
