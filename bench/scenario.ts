import type { Figure } from './report/figure.ts';
import type { Plot } from './report/plot.ts';

/** What a run was asked for. */
export interface RunOptions {
  /** Small sizes, to see that everything works; its figures mean little. */
  readonly isQuick: boolean;
  /** Of `soak`. */
  readonly minutes: number;
  /** Of `peers`, `fleet` and `fleet-cache`: how often each has its turn. */
  readonly rounds: number;
  /** An empty folder for states, on the disk that is measured; deleted afterwards. */
  readonly folder: string;
  /** One line about what is going on, for whoever waits. */
  progress(line: string): void;
}

/** What a scenario hands back. */
export interface Measured {
  /** Sizes and settings that the figures depend on. */
  readonly settings: Readonly<Record<string, string | number>>;
  readonly figures: readonly Figure[];
  readonly plots: readonly Plot[];
  /** What a reader should know beside the figures, one sentence each. */
  readonly notes?: readonly string[];
}

/** A scenario measures one promise. */
export type Scenario = (options: RunOptions) => Promise<Measured>;
