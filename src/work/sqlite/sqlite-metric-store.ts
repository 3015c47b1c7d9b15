import type { ConvoyFilter } from '../convoy-store.ts';
import type { ConvoyFigures } from '../metrics/convoy-course.ts';
import { openStatuses } from '../metrics/metric-store.ts';
import type { MetricReports, MetricStore, MinuteRange, MinuteReport, OpenCounts } from '../metrics/metric-store.ts';
import type { ResourceMinute } from '../metrics/resource-minute.ts';
import { resourceMinuteOf, resourceRow } from '../rows/metric-row.ts';
import type { ReaderPool } from './reader-pool.ts';
import type { Writer } from './writer.ts';

/** Records of a gap that are counted at once: some 20 ms of a reader. */
const sliceSize = 20_000;

/** Metrics on the reader pool. */
export class SqliteMetricReports implements MetricReports {
  protected readonly readers: ReaderPool;

  constructor(readers: ReaderPool) {
    this.readers = readers;
  }

  minutes(tenant: string, range: MinuteRange): Promise<MinuteReport> {
    return this.readers.run('metricMinutes', { tenant, range });
  }

  async open(tenant: string): Promise<OpenCounts> {
    const counts = await this.readers.run('openCounts', { tenant });
    const entries = openStatuses.map((status, place) => [status, counts[place] ?? 0] as const);
    return Object.fromEntries(entries) as OpenCounts;
  }

  convoys(tenant: string, filter: ConvoyFilter, now: number): Promise<readonly ConvoyFigures[]> {
    return this.readers.run('convoyCourses', { tenant, filter, now });
  }

  async resources(range: Pick<MinuteRange, 'from' | 'to'>): Promise<readonly ResourceMinute[]> {
    return (await this.readers.run('metricResources', range)).map(resourceMinuteOf);
  }
}

/** Metrics of one SQLite file: counted by the writer, stored when `keep` is called. */
export class SqliteMetricStore extends SqliteMetricReports implements MetricStore {
  readonly isKept: boolean;
  readonly #writer: Writer;
  /** Gaps are found when the file is opened, and only then. */
  #hasGaps: boolean;

  constructor(writer: Writer, readers: ReaderPool, isKept: boolean) {
    super(readers);
    this.#writer = writer;
    this.isKept = isKept;
    this.#hasGaps = isKept;
  }

  async keep(samples: readonly ResourceMinute[]): Promise<void> {
    if (this.isKept) await this.#writer.run('keepMetrics', samples.map(resourceRow));
  }

  async catchUp(): Promise<boolean> {
    const [after, through] = (this.#hasGaps ? await this.readers.run('metricGap', null) : undefined) ?? [];
    this.#hasGaps = typeof after === 'number';
    if (typeof after !== 'number' || typeof through !== 'number') return false;
    const { upTo, minutes } = await this.readers.run('metricSlice', { after, through, limit: sliceSize });
    await this.#writer.run('closeGap', [after, through, upTo, minutes]);
    return true;
  }

  async prune(before: number, atMost: number): Promise<number> {
    return this.isKept ? this.#writer.run('pruneMetrics', [before, atMost]) : 0;
  }
}
