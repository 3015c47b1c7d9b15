import { keptSamples, sampleEveryMs } from '../../flow/resource-monitor.ts';
import type { ResourceMonitor, ResourceSample } from '../../flow/resource-monitor.ts';
import type { ResourceReading } from '../../flow/resource-probe.ts';
import type { Clock } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { ConvoyStatus } from '../../work/convoy.ts';
import { convoyStatuses } from '../../work/convoy.ts';
import type { ConvoyFigures } from '../../work/metrics/convoy-course.ts';
import type { MetricReports } from '../../work/metrics/metric-store.ts';
import { minuteOf } from '../../work/metrics/minute.ts';
import type { Level, ResourceMinute } from '../../work/metrics/resource-minute.ts';
import type { SquadraStatistics } from '../squadra-statistics.ts';
import type { MetricKeeping } from './metric-keeping.ts';
import { statsDocument } from './stats.ts';
import type { Stats } from './stats.ts';
import { systemFigures } from './system.ts';
import type { SystemBounds, SystemFigures } from './system.ts';

export interface TenantMetricsParts {
  readonly metricReports: MetricReports;
  readonly metricKeeping: MetricKeeping;
  readonly monitor: Pick<ResourceMonitor, 'average' | 'history'>;
  readonly clock: Clock;
  readonly statistics: () => SquadraStatistics;
  readonly bounds: SystemBounds;
}

/** How busy the machine was. */
export interface Resources {
  /** Whether minutes are kept; where not, only the last ten are known. */
  readonly retained: boolean;
  readonly average: ResourceReading | null;
  /** Of the last ten minutes at most, oldest first. */
  readonly samples: readonly ResourceSample[];
  /** The minutes that are asked for, as far as they are kept, oldest first. */
  readonly minutes: readonly ResourceMinute[];
}

/** Buckets that one answer holds at most: wider ranges are told in wider ones. */
const maxBuckets = 1_440;
const minuteMs = 60_000;
/** Of so many minutes there are samples; of more, averages of minutes. */
const sampledMinutes = (keptSamples * sampleEveryMs) / minuteMs;
const defaultConvoys = 10;
const maxConvoys = 200;

/** Figures of one tenant by the minute, and those of the process and its machine, which are everybody's. */
export class TenantMetrics {
  readonly #parts: TenantMetricsParts;
  readonly #tenant: string;

  constructor(parts: TenantMetricsParts, tenant: string) {
    this.#parts = parts;
    this.#tenant = tenant;
  }

  /** The longest time range there is, in minutes. */
  get maxTimeRange(): number {
    return this.#parts.metricKeeping.retentionMinutes;
  }

  /** What happened in the last minutes, this one included. Throws `INVALID_INPUT` for more than are kept. */
  async stats(timeRange = Math.min(60, this.maxTimeRange)): Promise<Stats> {
    const { metricReports, metricKeeping, clock } = this.#parts;
    this.#check(timeRange);
    await metricKeeping.keep();
    const to = minuteOf(clock.now()) + 1;
    const bucketMinutes = Math.ceil(timeRange / maxBuckets);
    const range = { from: to - timeRange, to, bucketMinutes };
    // One after the other: for two at once another reader would be opened, which takes longer than both.
    const report = metricKeeping.isKept ? await metricReports.minutes(this.#tenant, range) : null;
    return statsDocument(range, report, await metricReports.open(this.#tenant));
  }

  /** How the newest convoys went. Throws `INVALID_INPUT`. */
  async convoys(
    options: { readonly limit?: number; readonly status?: ConvoyStatus } = {},
  ): Promise<readonly ConvoyFigures[]> {
    const { limit = defaultConvoys, status } = options;
    if (!Number.isInteger(limit) || limit < 1 || limit > maxConvoys)
      throw invalid(`'limit' is ${limit}; it is a whole number from 1 to ${maxConvoys}`);
    if (status !== undefined && !convoyStatuses.includes(status))
      throw invalid(`'status' is '${String(status)}'; it is one of ${convoyStatuses.join(', ')}`);
    const filter = { limit, ...(status === undefined ? {} : { status }) };
    return this.#parts.metricReports.convoys(this.#tenant, filter, this.#parts.clock.now());
  }

  /** How busy the machine was in the last minutes, this one included. Throws `INVALID_INPUT` for more than are kept. */
  async resources(timeRange = Math.min(10, this.maxTimeRange)): Promise<Resources> {
    const { metricReports, metricKeeping, monitor, clock } = this.#parts;
    this.#check(timeRange);
    await metricKeeping.keep();
    const to = minuteOf(clock.now()) + 1;
    const minutes = metricKeeping.isKept ? await metricReports.resources({ from: to - timeRange, to }) : [];
    const recent = monitor.average(timeRange * minuteMs);
    return {
      retained: metricKeeping.isKept,
      average: timeRange > sampledMinutes || recent === null ? averageOf(minutes) : recent,
      samples: monitor.history(timeRange * minuteMs),
      minutes,
    };
  }

  /** How this process stands: over all tenants. */
  system(): SystemFigures {
    const { statistics, monitor, bounds } = this.#parts;
    return systemFigures(statistics(), monitor, bounds);
  }

  #check(timeRange: number): void {
    if (Number.isInteger(timeRange) && timeRange >= 1 && timeRange <= this.maxTimeRange) return;
    throw invalid(
      `'timeRange' is ${timeRange}; it is a whole number of minutes from 1 to ${this.maxTimeRange}, as many as are kept`,
    );
  }
}

function averageOf(minutes: readonly ResourceMinute[]): ResourceReading | null {
  if (minutes.length === 0) return null;
  const samples = minutes.reduce((sum, minute) => sum + minute.samples, 0);
  const mean = (of: (minute: ResourceMinute) => Level): number =>
    minutes.reduce((sum, minute) => sum + of(minute).average * minute.samples, 0) / samples;
  return { cpu: mean(({ cpu }) => cpu), memory: mean(({ memory }) => memory), loopDelayMs: mean((m) => m.loopDelayMs) };
}

function invalid(why: string): SquadraError {
  return new SquadraError('INVALID_INPUT', `The metrics that were asked for are not there: ${why}.`);
}
