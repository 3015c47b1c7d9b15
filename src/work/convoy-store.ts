import type { Convoy, ConvoyItem, ConvoyStatus, CountedConvoy, NewConvoyItem } from './convoy.ts';
import type { ExecutionStatus } from './execution.ts';
import type { Claim } from './execution-store.ts';
import type { Usage } from './usage.ts';

/** The child that an item starts as. `running`: claimed by the starter in the same commit. */
export interface ItemStart {
  readonly executionId: string;
  readonly accepted: 'queued' | 'running';
}

/**
 * What became of a start. `queued` waits for the engine, also a failed child that goes on where it failed; `null` says that
 * the item is not to be started any more.
 */
export type StartedItem =
  | { readonly kind: 'running'; readonly claim: Claim }
  | { readonly kind: 'queued'; readonly executionId: string; readonly priority: number }
  | null;

/** A child that was started for an item. */
export interface ChildStart {
  readonly itemId: string;
  readonly executionId: string;
  readonly priority: number;
}

/** What `SharedConvoys` starts by. */
export interface ReadyStart {
  /** So many items of it may run now, those that run already included. */
  readonly allowed: number;
  readonly at: number;
  /** Gives the ids of new children. */
  readonly ids: () => string;
}

/** A running convoy that somebody has to do something for. */
export interface DueConvoy extends OpenConvoy {
  /** Where it stands in the order of `due`. */
  readonly no: number;
  /** Items that run. */
  readonly inProgress: number;
  /** Items that could start. */
  readonly ready: number;
}

/** A child that was stopped with its convoy. */
export interface StoppedChild {
  readonly id: string;
  readonly priority: number;
}

/** What a stop did: `changed` is false when it was cancelled already. */
export interface StoppedConvoy {
  readonly changed: boolean;
  readonly children: readonly StoppedChild[];
}

/** Under which key a caller may ask for a convoy again, and what was asked for. */
export interface ConvoyIdempotency {
  readonly key: string;
  readonly requestHash: string;
}

/** A convoy to be stored. */
export interface NewConvoy {
  readonly convoy: Convoy;
  readonly items: readonly NewConvoyItem[];
  readonly idempotency: ConvoyIdempotency | null;
  /** Where in a trace it was asked for; its items go on from there. Null where nobody said. */
  readonly traceparent: string | null;
}

/** `existing` when there is one of this id or key: then `id` is the earlier one's and nothing was stored. */
export interface CreatedConvoy {
  readonly id: string;
  readonly existing: boolean;
}

export interface ConvoyFilter {
  readonly status?: ConvoyStatus;
  readonly squadId?: string;
  /** The page begins after this id. */
  readonly before?: string;
  readonly limit: number;
}

/** A convoy that somebody has to look after. */
export interface OpenConvoy {
  readonly tenant: string;
  readonly convoy: Convoy;
  /** Status of the execution that made it; null where none did or it is gone. */
  readonly parentStatus: ExecutionStatus | null;
}

/** The reading half. */
export interface ConvoyReports {
  get(tenant: string, id: string): Promise<CountedConvoy | null>;
  /** Newest first. */
  list(tenant: string, filter: ConvoyFilter): Promise<readonly CountedConvoy[]>;
  /** All items, in the order in which they were given. */
  items(tenant: string, id: string): Promise<readonly ConvoyItem[]>;
  /** What the children spent. */
  usage(tenant: string, id: string): Promise<Usage>;
  /** The text that each completed item ended with, by key. */
  results(tenant: string, id: string): Promise<ReadonlyMap<string, string>>;
  /** All that are running, oldest first, over all tenants. */
  open(): Promise<readonly OpenConvoy[]>;
}

/**
 * Convoys and the items they move. The end of a child, the end of its item, what that does to the items that depend on it, and
 * the end of the convoy with the last item are one commit: that of the child.
 */
export interface ConvoyStore extends ConvoyReports {
  /** Throws `IDEMPOTENCY_CONFLICT` with `{ convoyId }` when the key was used for another request. */
  create(tenant: string, made: NewConvoy): Promise<CreatedConvoy>;
  /** `ready → in_progress` together with the child that does it. */
  start(tenant: string, convoyId: string, itemId: string, start: ItemStart): Promise<StartedItem>;
  /**
   * Ends it from outside with everything it has running; items that run become cancelled, or failed when it `failed`.
   * Throws `NOT_FOUND`, or `ALREADY_ENDED` with `{ convoyStatus }`.
   */
  stop(tenant: string, id: string, status: 'cancelled' | 'failed', reason: string): Promise<StoppedConvoy>;
  /**
   * `partial | failed → running`: failed items, and those that were not started because of them, are to be done again.
   * Throws `NOT_FOUND`, or `ILLEGAL_TRANSITION` with `{ convoyStatus }`. A command that is applied again changes nothing.
   */
  retry(tenant: string, id: string, commandId?: string): Promise<void>;
  /** Removes convoys that ended `completed` or `cancelled` before a time, with their items. Returns how many. */
  prune(endedBefore: number, atMost: number): Promise<number>;
}

/** Convoys that no process owns: whoever comes by starts what is ready, and all of them together not more than may run. */
export interface SharedConvoys {
  /**
   * Starts ready items until as many run as may, the most urgent first, then in the order in which they were given; each with a
   * queued child that the engine is told of, all in one commit. Nothing when the convoy is not running.
   */
  startReady(tenant: string, convoyId: string, start: ReadyStart): Promise<readonly ChildStart[]>;
  /**
   * Of the running ones those that have something ready (and less running than they fix themselves), are out of time, or whose
   * maker was cancelled: in the order in which they were made, after the one of that number.
   */
  due(now: number, page: { readonly after: number; readonly limit: number }): Promise<readonly DueConvoy[]>;
}
