import { LogHistogram } from '../../telemetry/log-histogram.ts';
import type { Percentiles } from '../../telemetry/log-histogram.ts';

export const minuteMs = 60_000;

/** What is counted of a minute. Money in micro-dollars. */
export interface MinuteCounts {
  /** Executions that were accepted. */
  submitted: number;
  /** Ends of executions; one that failed, was retried and completed ended twice. */
  completed: number;
  failed: number;
  cancelled: number;
  /** Attempts of steps that ended, and those of them that failed. */
  steps: number;
  failedSteps: number;
  /** Attempts of model calls among them. */
  modelCalls: number;
  failedModelCalls: number;
  inputTokens: number;
  outputTokens: number;
  cachedTokens: number;
  costMicroUsd: number;
  unpricedCalls: number;
  /** Convoys that were made, and how they ended. */
  convoysCreated: number;
  convoysCompleted: number;
  convoysPartial: number;
  convoysFailed: number;
  convoysCancelled: number;
}

const none: MinuteCounts = {
  submitted: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  steps: 0,
  failedSteps: 0,
  modelCalls: 0,
  failedModelCalls: 0,
  inputTokens: 0,
  outputTokens: 0,
  cachedTokens: 0,
  costMicroUsd: 0,
  unpricedCalls: 0,
  convoysCreated: 0,
  convoysCompleted: 0,
  convoysPartial: 0,
  convoysFailed: 0,
  convoysCancelled: 0,
};

/** In the order of the columns. */
export const countNames = Object.keys(none) as readonly (keyof MinuteCounts)[];

/** The figures of a minute, or of several that were merged. Times in milliseconds. */
export class MinuteFigures {
  readonly counts: MinuteCounts = { ...none };
  /** From when executions were accepted until they completed or failed. */
  readonly durations = new LogHistogram();
  /** From the stored intent of a model call until its stored result, of those that completed. */
  readonly latencies = new LogHistogram();

  merge(other: MinuteFigures): void {
    for (const name of countNames) this.counts[name] += other.counts[name];
    this.durations.merge(other.durations);
    this.latencies.merge(other.latencies);
  }
}

/** The minute of a time, counted from the epoch. */
export function minuteOf(at: number): number {
  return Math.floor(at / minuteMs);
}

/** What figures tell: counts, and percentiles in milliseconds, null of nothing. */
export interface FiguresSummary {
  readonly counts: Readonly<MinuteCounts>;
  readonly durationMs: Percentiles | null;
  readonly latencyMs: Percentiles | null;
}

export function summaryOf({ counts, durations, latencies }: MinuteFigures): FiguresSummary {
  return { counts, durationMs: durations.percentiles(), latencyMs: latencies.percentiles() };
}
