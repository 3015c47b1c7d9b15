/** An execution that wants to be advanced, as the transaction that made it so noted it. */
export interface OutboxRow {
  readonly no: number;
  readonly tenant: string;
  readonly executionId: string;
  readonly priority: number;
}

export interface TakenRows {
  readonly rows: readonly OutboxRow[];
  /** Why not more: there are more (`more`), the engine has enough in hand (`full`), nothing waits (`none`), or another process takes now. */
  readonly left: 'more' | 'full' | 'none' | 'busy';
}

/** What stands in the outbox, and where the executions of a fleet are. */
export interface OutboxCounts {
  /** Accepted and never claimed: their status is `queued`. */
  readonly queued: number;
  /** Not handed over yet. */
  readonly ready: number;
  /** Handed over since the beginning, of those that were queued. */
  readonly taken: number;
  /** Being advanced. */
  readonly running: number;
}

/**
 * What the engine of a fleet is to be told. A row goes when its execution is claimed; until then whoever takes it has it for the
 * time of a lease, and then it is taken again: it is handed over at least once, and the engine sees to it that this is once in effect.
 */
export interface Outbox {
  /** At most so many, and not more than the engine may have in hand: fair over tenants, then by priority, then by age. */
  take(atMost: number): Promise<TakenRows>;
  /** Those that were taken, and neither claimed nor deferred in time. */
  takeOverdue(atMost: number): Promise<readonly OutboxRow[]>;
  /** The engine has them. */
  handed(nos: readonly number[]): Promise<void>;
  /** The engine could not be told; they are overdue from then on (epoch ms). */
  defer(nos: readonly number[], until: number): Promise<void>;
  counts(): Promise<OutboxCounts>;
}
