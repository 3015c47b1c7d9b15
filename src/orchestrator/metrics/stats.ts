import type { MinuteRange, MinuteReport, OpenCounts } from '../../work/metrics/metric-store.ts';
import { minuteMs, MinuteFigures, summaryOf } from '../../work/metrics/minute.ts';
import type { FiguresSummary } from '../../work/metrics/minute.ts';
import type { Percentiles } from '../../telemetry/log-histogram.ts';

/** Percentiles, null where there is nothing to tell them of. */
export type PercentilesOrNull = { readonly [Share in keyof Percentiles]: number | null };

/** What happened in some minutes. */
export interface StatsMinute {
  /** When they began, ISO 8601. */
  readonly at: string;
  readonly submitted: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly durationMs: Percentiles | null;
  readonly modelCalls: number;
  readonly steps: number;
  readonly costMicroUsd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What happened in a time range, and what is open now. */
export interface Stats {
  readonly from: string;
  readonly to: string;
  /** False where nothing is kept: then all but `open` is empty. */
  readonly retained: boolean;
  /** False while what an earlier process left uncounted is being counted. */
  readonly isComplete: boolean;
  readonly totals: {
    readonly submitted: number;
    readonly completed: number;
    readonly failed: number;
    readonly cancelled: number;
  };
  readonly open: OpenCounts;
  /** Of those that completed or failed, the share that completed; null of nothing. */
  readonly successRate: number | null;
  /** From acceptance until they completed or failed. */
  readonly durationMs: PercentilesOrNull;
  /** Completed executions. */
  readonly throughputPerMinute: number;
  readonly modelCalls: {
    readonly total: number;
    readonly failed: number;
    readonly unpriced: number;
    readonly latencyMs: PercentilesOrNull;
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly cachedTokens: number;
    readonly costMicroUsd: number;
  };
  /** Attempts of steps that ended. */
  readonly steps: { readonly total: number; readonly failed: number };
  readonly convoys: {
    readonly created: number;
    readonly completed: number;
    readonly partial: number;
    readonly failed: number;
    readonly cancelled: number;
  };
  /** How many minutes each of `minutes` stands for. */
  readonly bucketMinutes: number;
  /** Oldest first, none left out. */
  readonly minutes: readonly StatsMinute[];
}

/** Null stands for metrics that are not kept. */
export function statsDocument(range: MinuteRange, report: MinuteReport | null, open: Stats['open']): Stats {
  const nothing = summaryOf(new MinuteFigures());
  const { counts, durationMs, latencyMs } = report?.total ?? nothing;
  const ended = counts.completed + counts.failed;
  return {
    from: iso(range.from),
    to: iso(range.to),
    retained: report !== null,
    isComplete: report?.isComplete ?? true,
    totals: {
      submitted: counts.submitted,
      completed: counts.completed,
      failed: counts.failed,
      cancelled: counts.cancelled,
    },
    open,
    successRate: ended === 0 ? null : counts.completed / ended,
    durationMs: orNull(durationMs),
    throughputPerMinute: counts.completed / (range.to - range.from),
    modelCalls: {
      total: counts.modelCalls,
      failed: counts.failedModelCalls,
      unpriced: counts.unpricedCalls,
      latencyMs: orNull(latencyMs),
      inputTokens: counts.inputTokens,
      outputTokens: counts.outputTokens,
      cachedTokens: counts.cachedTokens,
      costMicroUsd: counts.costMicroUsd,
    },
    steps: { total: counts.steps, failed: counts.failedSteps },
    convoys: {
      created: counts.convoysCreated,
      completed: counts.convoysCompleted,
      partial: counts.convoysPartial,
      failed: counts.convoysFailed,
      cancelled: counts.convoysCancelled,
    },
    bucketMinutes: range.bucketMinutes,
    minutes: report === null ? [] : bucketsOf(range, report, nothing),
  };
}

function bucketsOf(range: MinuteRange, report: MinuteReport, nothing: FiguresSummary): StatsMinute[] {
  const found = new Map(report.buckets);
  const minutes: StatsMinute[] = [];
  for (let minute = range.from; minute < range.to; minute += range.bucketMinutes) {
    const { counts, durationMs } = found.get(minute) ?? nothing;
    const { submitted, completed, failed, cancelled, modelCalls, steps } = counts;
    const { costMicroUsd, inputTokens, outputTokens } = counts;
    minutes.push({
      at: iso(minute),
      submitted,
      completed,
      failed,
      cancelled,
      durationMs,
      modelCalls,
      steps,
      costMicroUsd,
      inputTokens,
      outputTokens,
    });
  }
  return minutes;
}

function orNull(percentiles: Percentiles | null): PercentilesOrNull {
  return percentiles ?? { p50: null, p95: null, p99: null };
}

function iso(minute: number): string {
  return new Date(minute * minuteMs).toISOString();
}
