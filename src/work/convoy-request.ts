import type { Duration } from '../kernel/duration.ts';
import type { ConvoyLimits, ConvoyStatus } from './convoy.ts';
import type { WorkItemStatus } from './work-item.ts';

/** What a caller gives for an item: who does what, and what has to be done before. Exactly one of `role` and `memberId`. */
export interface ConvoyItemInput {
  /** Its name in the convoy. */
  readonly key: string;
  /** The first member of the squad with this role. */
  readonly role?: string;
  readonly memberId?: string;
  readonly message: string;
  /** Keys of items that have to be completed before; their results come with the message. */
  readonly dependsOn?: readonly string[];
  /** −100 to 100; of those that could start, higher goes first. */
  readonly priority?: number;
}

/** How the items of a convoy are worked off. */
export interface ConvoyOptions extends ConvoyLimits {
  /** As many side by side as the machine and the providers bear, or at most so many. */
  readonly parallelism?: 'auto' | number;
  /** After a failure nothing more is begun; what runs comes to its end. */
  readonly stopOnFirstFailure?: boolean;
  /** From its start; what is not completed then fails. */
  readonly timeout?: Duration;
}

/** A convoy as a caller asks for it. */
export interface ConvoyRequest extends ConvoyOptions {
  /** Name or id; `software` where nothing is said. */
  readonly squad?: string;
  /** At most 255 characters: the same key with the same request is the same convoy, for as long as that is kept. */
  readonly idempotencyKey?: string;
  readonly items: readonly ConvoyItemInput[];
}

/** What an item of a convoy came to. */
export interface ConvoyItemResult {
  readonly key: string;
  readonly status: WorkItemStatus;
  /** Why it failed or was cancelled. */
  readonly reason: string | null;
  /** What the member answered, where it was completed. */
  readonly text: string | null;
  readonly executionId: string | null;
}

/** What a convoy came to, with its items in the order in which they were given. */
export interface ConvoyResult {
  readonly id: string;
  readonly status: ConvoyStatus;
  readonly reason: string | null;
  readonly items: readonly ConvoyItemResult[];
}
