import type { Runnable } from '../engine.ts';

/** What an engine that runs elsewhere is given for an execution: that it wants to be advanced. */
export interface Order extends Runnable {
  /** Unless it was claimed again since the claim of this epoch; null: in any case. */
  readonly epoch: number | null;
}
