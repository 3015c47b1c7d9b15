import type { ConvoyFilter } from '../convoy-store.ts';
import type { ExecutionStatus } from '../execution.ts';
import type { ConvoyFigures } from './convoy-course.ts';
import type { FiguresSummary } from './minute.ts';
import type { ResourceMinute } from './resource-minute.ts';

/** Minutes, counted from the epoch: `to` is not included. Figures of `bucketMinutes` are told together. */
export interface MinuteRange {
  readonly from: number;
  readonly to: number;
  readonly bucketMinutes: number;
}

/** The figures of minutes, and of all of them together. */
export interface MinuteReport {
  readonly total: FiguresSummary;
  /** By the first minute of each bucket in which something happened, oldest first. */
  readonly buckets: readonly (readonly [minute: number, summary: FiguresSummary])[];
  /** False while records from before the last start are still being counted. */
  readonly isComplete: boolean;
}

/** The reading half. */
export interface MetricReports {
  /** What happened, as far as it was kept: `keep` first tells all. */
  minutes(tenant: string, range: MinuteRange): Promise<MinuteReport>;
  /** How many of a tenant's executions are in each open status, now. */
  open(tenant: string): Promise<OpenCounts>;
  /** How convoys went, newest first. */
  convoys(tenant: string, filter: ConvoyFilter, now: number): Promise<readonly ConvoyFigures[]>;
  /** Of the whole process, oldest first. */
  resources(range: Pick<MinuteRange, 'from' | 'to'>): Promise<readonly ResourceMinute[]>;
}

/**
 * Figures by tenant and minute.
 *
 * M1  What is counted is stored together with the place in the journal up to which it is: after a crash the records behind that
 *     place, and no others, are counted once more, so that nothing is lost and nothing counts twice.
 * M2  What happened belongs to the minute of its own time, whenever it is stored.
 * M3  Nothing is deleted before it was counted; what was counted stays when what it was counted from is deleted.
 */
export interface MetricStore extends MetricReports {
  /** Whether anything is kept. Where nothing is, the rest does nothing and tells of nothing. */
  readonly isKept: boolean;
  /** Stores what was counted since the last time, and samples of resources. */
  keep(samples: readonly ResourceMinute[]): Promise<void>;
  /** Counts some records that a process before this one did not come to; false when there are none left. */
  catchUp(): Promise<boolean>;
  /** Deletes so many minutes before one. Returns how many there were. */
  prune(before: number, atMost: number): Promise<number>;
}

/** Statuses that are not an end for good: who failed can be tried again. */
export const openStatuses = [
  'created',
  'queued',
  'running',
  'waiting',
  'failed',
] as const satisfies readonly ExecutionStatus[];

/** How many executions are in each of them. */
export type OpenCounts = Readonly<Record<(typeof openStatuses)[number], number>>;
