import type { Advanced } from '../workflows/run-services.ts';

/** An execution that wants to be advanced. */
export interface Runnable {
  readonly tenant: string;
  readonly id: string;
  readonly priority: number;
}

/**
 * Advances an execution until it ends or parks; calls `begun` when it is claimed and its run begins. A rejection means:
 * could not begin, try again later. Where `gone` aborts before it is claimed, somebody else has it and nothing begins.
 */
export type Advance = (runnable: Runnable, begun: () => void, gone?: AbortSignal) => Promise<Advanced>;

export interface EngineCapabilities {
  /** Whether `reserve` can give a place in this process, so that a submission begins in the commit that accepts it. */
  readonly eagerStart: boolean;
  /** Whether it knows by itself, after a restart of this process, what has to be advanced. */
  readonly remembers: boolean;
}

/** A free place that a submission may take. Exactly one of the two is called. */
export interface Place {
  run(runnable: Runnable, advance: () => Promise<Advanced>): void;
  giveBack(): void;
}

export interface EngineStatistics {
  /** Executions being advanced. */
  readonly running: number;
  /** Ready, but no place is free. */
  readonly ready: number;
  /** Of those, executions that never ran or are to be retried: their status is `queued`. */
  readonly queued: number;
  /** Executions that have left the queue since the start: how fast it drains. */
  readonly taken: number;
  /** Waiting for a time. */
  readonly sleeping: number;
}

/**
 * Who runs an execution, and when it wakes. An engine sees to it that `advance` runs in one place at a time, again after a
 * crash, and at a given time; what happened is the journal's business.
 */
export interface Engine {
  readonly capabilities: EngineCapabilities;
  /** A place for a new execution if one is free and nobody waits for it. */
  reserve(): Place | null;
  /** An execution whose status is `queued` wants its turn. */
  start(runnable: Runnable): void;
  /** Advances it now or at a time (epoch ms). One that is being advanced is advanced again afterwards. */
  wake(runnable: Runnable, at?: number): void;
  serve(advance: Advance): void;
  /** Begins nothing more and resolves when nothing is being advanced. */
  drain(): Promise<void>;
  statistics(): EngineStatistics;
}
