/** What a tenant's executions are at, and how many ended of late. Times are epoch milliseconds. */
export interface Activity {
  /** Those that are in this status now. Failed ones stay until somebody retries them. */
  readonly open: Readonly<Record<'created' | 'queued' | 'running' | 'waiting' | 'failed', number>>;
  /** Those that ended since then. */
  readonly ended: Readonly<Record<'completed' | 'failed' | 'cancelled', number>>;
  /** Since when `ended` counts: as asked for, or later where more ended than are looked at. */
  readonly since: number;
}

/** An execution that is open and records nothing. */
export interface QuietExecution {
  readonly id: string;
  readonly workflow: string;
  readonly squadId: string | null;
  readonly createdAt: number;
  /** When the newest record of its journal was written. */
  readonly lastAt: number;
  /** When it is to be woken; null where it waits for somebody. */
  readonly wakeAt: number | null;
}

/** `waiting`: for somebody, for as long as it takes. `due`: for a time that has come. */
export type Quietness = 'queued' | 'running' | 'waiting' | 'due';

/** Which of them: with nothing recorded since a time, and woken by none before it; at most `limit`, the oldest first. */
export interface QuietFilter {
  readonly are: Quietness;
  readonly before: number;
  readonly limit: number;
}

/** An execution that failed, and why. */
export interface FailedExecution {
  readonly id: string;
  readonly workflow: string;
  readonly endedAt: number;
  readonly reason: string | null;
}

/** What somebody asks who looks whether all goes well. */
export interface SupervisionReports {
  activity(tenant: string, since: number): Promise<Activity>;
  quiet(tenant: string, filter: QuietFilter): Promise<readonly QuietExecution[]>;
  /** Those that failed since a time and were not retried, the newest first. */
  failed(tenant: string, since: number, limit: number): Promise<readonly FailedExecution[]>;
}
