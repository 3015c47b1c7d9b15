import type { AnyWorkflow, Json, Run, SubmitRequest } from '../../../src/index.ts';
import type { AckLine, Fate } from '../logs.ts';

/** What somebody outside does for an execution; it may be called again after a crash. */
export type Care = (run: Run, keeper: Keeper) => Promise<void>;

/** Who takes care of executions. */
export interface Keeper {
  readonly random: () => number;
  readonly ack: (line: AckLine) => void;
  /** Signals of this name that were acknowledged, in this life or an earlier one. */
  readonly signalsSent: (id: string, name: string) => number;
}

/** One kind of work in the mix: a workflow, how to ask for it, and how it has to end. */
export interface Job {
  readonly workflow: AnyWorkflow;
  readonly end: Fate;
  /** How often it is chosen, against the others. */
  readonly weight: number;
  readonly input: (random: () => number) => Json;
  readonly request?: Pick<SubmitRequest, 'squad' | 'start'>;
  readonly care?: Care;
  /** Retried when it has failed. */
  readonly isRetried?: boolean;
}
