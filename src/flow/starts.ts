import type { Clock } from '../kernel/clock.ts';
import { parallelismFor } from './parallelism.ts';
import type { Parallelism, ParallelismSettings, WantedParallelism } from './parallelism.ts';
import type { ResourceMonitor, ResourceSample } from './resource-monitor.ts';

/** What is known of the providers: how many model calls they bear at once. */
export interface ProviderPlaces {
  readonly places: number;
}

/** How many may run, and when the next may start. */
export interface StartAdvice extends Parallelism {
  /** Epoch milliseconds: not before. In the past or now where nothing holds it back. */
  readonly nextStartAt: number;
}

/**
 * Says how many may work side by side and when the next may start, for all convoys of this process.
 *
 * T1  While a threshold is passed, starts are as far apart as the throttle says, whoever starts: the machine is one.
 * T2  The advice changes only with a sample, with a start, or with what the providers bear. `onChange` tells of samples.
 */
export class Starts {
  readonly #settings: ParallelismSettings;
  readonly #monitor: Pick<ResourceMonitor, 'current' | 'onSample'>;
  readonly #providers: ProviderPlaces;
  readonly #clock: Clock;
  #lastStartAt: number | null = null;
  #started = 0;

  constructor(
    settings: ParallelismSettings,
    monitor: Pick<ResourceMonitor, 'current' | 'onSample'>,
    providers: ProviderPlaces,
    clock: Clock,
  ) {
    this.#settings = settings;
    this.#monitor = monitor;
    this.#providers = providers;
    this.#clock = clock;
  }

  /** What holds now for work that wants so much; `limits` are settings of its own. */
  advise(wanted: WantedParallelism, limits: Partial<ParallelismSettings> = {}): StartAdvice {
    const settings = { ...this.#settings, ...limits };
    // Asked for with every start: who says how many is not to wait for what is only asked for `auto`.
    const bearable = wanted === 'auto' ? this.#providers.places : wanted;
    const advice = parallelismFor(settings, wanted, this.#monitor.current, bearable);
    const now = this.#clock.now();
    // A clock that was set back must not hold anybody up for longer than the delay.
    const last = this.#lastStartAt === null ? null : Math.min(this.#lastStartAt, now);
    return { ...advice, nextStartAt: last === null ? now : Math.max(now, last + advice.startDelayMs) };
  }

  /** Something started: the next start keeps its distance from it. */
  started(): void {
    this.#lastStartAt = this.#clock.now();
    this.#started += 1;
  }

  /** Tells of each new sample, after which the advice may be another, until the function that is given back is called. */
  onChange(listener: (sample: ResourceSample) => void): () => void {
    return this.#monitor.onSample(listener);
  }

  statistics(): { readonly advice: Parallelism; readonly sample: ResourceSample | null; readonly started: number } {
    return { advice: this.advise('auto'), sample: this.#monitor.current, started: this.#started };
  }
}
