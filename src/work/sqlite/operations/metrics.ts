import type { DatabaseSync } from 'node:sqlite';
import { unnoted } from '../../metrics/happening.ts';
import type { HappeningSink } from '../../metrics/happening.ts';
import type { TenantMinute } from '../../metrics/minute-tally.ts';
import { minuteRow, tenantMinuteOf } from '../../rows/metric-row.ts';
import { addMinuteSql, addResourcesSql } from '../metric-statements.ts';
import type { MinuteRow } from '../../rows/metric-row.ts';
import type { MetricNotes } from '../metric-notes.ts';
import { prepare } from '../statements.ts';

/** Part of a gap that was counted: from where, of which gap, up to where, and what. */
export type CountedSlice = readonly [after: number, through: number, upTo: number, minutes: readonly MinuteRow[]];

/** What operations do for the metrics; where none are kept, nothing. */
export interface Metering extends HappeningSink {
  /** Stores what was noted, in the transaction under way. */
  keep(): void;
  /** Whether records lie in the journal that are not counted yet: until then none may be deleted. */
  isBehind(): boolean;
}

/** For a file whose metrics are not kept. */
export const unmetered: Metering = { ...unnoted, keep: () => {}, isBehind: () => false };

/** Metrics that are kept in the file. */
export function metering(database: DatabaseSync, notes: MetricNotes): Metering {
  const add = adding(database);
  const reach = prepare(
    database,
    'UPDATE metric_kept SET no = (SELECT coalesce(max(no), 0) FROM journal) WHERE id = 0',
  );
  const gap = prepare(database, 'SELECT 1 FROM metric_gaps WHERE through > 0 LIMIT 1');
  return {
    isCounting: true,
    note: (happening) => notes.note(happening),
    keep: () => {
      for (const minute of notes.unstored().minutes()) add(minute);
      reach.run();
      notes.stored();
    },
    isBehind: () => gap.first() !== undefined,
  };
}

/**
 * Marks what the journal has more than the metrics as a gap: whoever wrote it ended before it stored what it had counted, or kept no
 * metrics. To be called before anything is written.
 */
export function openMetrics(database: DatabaseSync): void {
  database.exec(`BEGIN IMMEDIATE;
    INSERT INTO metric_gaps (after, through) SELECT metric_kept.no, last.no FROM metric_kept
      JOIN (SELECT coalesce(max(no), 0) AS no FROM journal) AS last ON last.no > metric_kept.no;
    UPDATE metric_kept SET no = (SELECT coalesce(max(no), 0) FROM journal) WHERE id = 0;
    COMMIT`);
}

export function metricOperations(database: DatabaseSync, metrics: Metering) {
  const addSamples = prepare(database, addResourcesSql);
  const add = adding(database);
  const close = prepare(database, 'DELETE FROM metric_gaps WHERE through = ? AND after = ?');
  const shorten = prepare(database, 'UPDATE metric_gaps SET after = ? WHERE through = ? AND after = ?');
  const prune = prepare(
    database,
    `DELETE FROM metric_minutes WHERE (tenant, minute) IN
      (SELECT tenant, minute FROM metric_minutes INDEXED BY metric_minutes_minute WHERE minute < ? LIMIT ?)`,
  );
  const pruneResources = prepare(
    database,
    'DELETE FROM metric_resources WHERE minute IN (SELECT minute FROM metric_resources WHERE minute < ? LIMIT ?)',
  );
  return {
    /** Stores what was counted, and samples as rows of `resourceRow`. */
    keepMetrics: (samples: readonly (readonly number[])[]): void => {
      metrics.keep();
      for (const row of samples) addSamples.run(...row);
    },
    /** Adds what was counted of a gap, unless somebody else did; both in one commit. */
    closeGap: ([after, through, upTo, minutes]: CountedSlice): void => {
      const isOurs = upTo >= through ? close.run(through, after) : shorten.run(upTo, through, after);
      if (isOurs > 0) for (const row of minutes) add(tenantMinuteOf(row));
    },
    /** Deletes so many minutes before one, of each kind. Returns how many there were. */
    pruneMetrics: ([before, atMost]: readonly [before: number, atMost: number]): number =>
      prune.run(before, atMost) + pruneResources.run(before, atMost),
  };
}

/** Adds to the figures of a minute; its histograms are merged here, the rest by SQLite. */
function adding(database: DatabaseSync): (minute: TenantMinute) => void {
  const stored = prepare(database, 'SELECT durations, latencies FROM metric_minutes WHERE tenant = ? AND minute = ?');
  const add = prepare(database, addMinuteSql);
  return (minute) => {
    const { durations, latencies } = minute.figures;
    const before = stored.first(minute.tenant, minute.minute);
    if (before !== undefined) {
      durations.addEncoded(String(before[0]));
      latencies.addEncoded(String(before[1]));
    }
    add.run(...minuteRow(minute));
  };
}
