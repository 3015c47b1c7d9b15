/** A call that a budget has no room for because of what calls in flight hold. */
export interface HeldCall {
  readonly tenant: string;
  readonly executionId: string;
  /** Of the execution. Higher goes first. */
  readonly priority: number;
  /** Of the step. */
  readonly key: string;
  /** The name of the budget that is full. */
  readonly budget: string;
  /** Nothing that is in flight holds its room for longer, in milliseconds. */
  readonly longestMs: number;
}

/**
 * Where calls wait until calls in flight give back what they do not need. Nothing is set aside for who waits: when it is called
 * it tries again, and may find that it has to wait on.
 */
export interface Room {
  /**
   * Waits in line; who tried again keeps its place. `onTurn` says whether the run heard it; one that was parked meanwhile is
   * woken. False: it is no use to wait, because nothing has been given back for as long as a call can take.
   */
  wait(call: HeldCall, onTurn: () => boolean): boolean;
  /** It left, or will not: the next one may find room. */
  leave(executionId: string, key: string): void;
}
