import type { StatsDocument } from '../../../src/client.ts';

type Minute = StatsDocument['minutes'][number];

/** What the charts draw, each a value for each time. Times in epoch milliseconds, money in micro-dollars. */
export interface Courses {
  readonly times: readonly number[];
  /** Ends a minute. */
  readonly completed: readonly number[];
  readonly failed: readonly number[];
  readonly cancelled: readonly number[];
  readonly p50: readonly (number | null)[];
  readonly p95: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
  /** Null while nothing ended. */
  readonly success: readonly (number | null)[];
  /** What an hour at this rate would cost. */
  readonly costPerHour: readonly number[];
}

/** The minutes of `/metrics/stats` as charts draw them; wider buckets are told as rates, so that ranges compare. */
export function coursesOf({ minutes, bucketMinutes }: Pick<StatsDocument, 'minutes' | 'bucketMinutes'>): Courses {
  const perMinute = (pick: (minute: Minute) => number) => minutes.map((minute) => pick(minute) / bucketMinutes);
  return {
    times: minutes.map(({ at }) => Date.parse(at)),
    completed: perMinute(({ completed }) => completed),
    failed: perMinute(({ failed }) => failed),
    cancelled: perMinute(({ cancelled }) => cancelled),
    p50: minutes.map(({ durationMs }) => durationMs?.p50 ?? null),
    p95: minutes.map(({ durationMs }) => durationMs?.p95 ?? null),
    p99: minutes.map(({ durationMs }) => durationMs?.p99 ?? null),
    success: minutes.map(({ completed, failed }) =>
      completed + failed === 0 ? null : completed / (completed + failed),
    ),
    costPerHour: perMinute(({ costMicroUsd }) => costMicroUsd * 60),
  };
}
