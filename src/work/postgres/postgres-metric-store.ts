import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../kernel/clock.ts';
import type { ConvoyFilter } from '../convoy-store.ts';
import type { ConvoyFigures } from '../metrics/convoy-course.ts';
import type { MetricStore, MinuteRange, MinuteReport, OpenCounts } from '../metrics/metric-store.ts';
import type { ResourceMinute } from '../metrics/resource-minute.ts';
import type { Database } from './database.ts';
import { countSlice } from './operations/metrics.ts';
import type { Counted } from './operations/metrics.ts';
import { addResources, pruneMinutes } from './operations/metric-minutes.ts';
import { countOpen, readCourses, readMinutes, readResources } from './queries/metrics.ts';

export interface MetricCounting {
  /** Whether metrics are kept. */
  readonly metrics: boolean;
  /** The name of this process among those whose resources are kept: no other has it. */
  readonly process: string;
}

/** Records that are counted at once: some 50 ms in which nobody else counts. */
const sliceSize = 5_000;
/** As often `keep` asks again while another process counts: what it came for may have been too late for that one. */
const patience = 5;
const firstPauseMs = 10;

/** Metrics of a fleet: counted from the journal by whichever process comes to it, one at a time. */
export class PostgresMetricStore implements MetricStore {
  readonly isKept: boolean;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #process: string;
  readonly #sliceSize: number;

  constructor(database: Database, clock: Clock, { metrics, process }: MetricCounting, slice = sliceSize) {
    this.#database = database;
    this.#clock = clock;
    this.#process = process;
    this.isKept = metrics;
    this.#sliceSize = slice;
  }

  async keep(samples: readonly ResourceMinute[]): Promise<void> {
    if (!this.isKept) return;
    // Samples last: they are given again when this fails, and nothing after them can.
    for (let asked = 0; asked < patience;) {
      const counted = await this.#countSlice();
      if (counted === 'all') break;
      if (counted === 'busy') await pause(firstPauseMs * 2 ** asked++);
    }
    if (samples.length > 0) await addResources(this.#database, this.#process, samples);
  }

  /** While another process counts there is nothing to do for this one. */
  async catchUp(): Promise<boolean> {
    return this.isKept && (await this.#countSlice()) === 'some';
  }

  async prune(before: number, atMost: number): Promise<number> {
    return this.isKept ? pruneMinutes(this.#database, before, atMost) : 0;
  }

  minutes(tenant: string, range: MinuteRange): Promise<MinuteReport> {
    return readMinutes(this.#database, tenant, range, this.#clock.now());
  }

  open(tenant: string): Promise<OpenCounts> {
    return countOpen(this.#database, tenant);
  }

  convoys(tenant: string, filter: ConvoyFilter, now: number): Promise<readonly ConvoyFigures[]> {
    return readCourses(this.#database, tenant, filter, now);
  }

  resources(range: Pick<MinuteRange, 'from' | 'to'>): Promise<readonly ResourceMinute[]> {
    return readResources(this.#database, range);
  }

  #countSlice(): Promise<Counted> {
    return this.#database.transaction((statements) => countSlice(statements, this.#sliceSize));
  }
}
