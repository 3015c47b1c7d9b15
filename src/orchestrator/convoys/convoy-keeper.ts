import type { StartAdvice } from '../../flow/starts.ts';
import type { DurationDistribution } from '../../telemetry/histogram.ts';
import type { Convoy } from '../../work/convoy.ts';
import type { CreatedConvoy, NewConvoy } from '../../work/convoy-store.ts';
import type { WorkItemStatus } from '../../work/work-item.ts';
import type { ItemEnd } from './course.ts';

/** How the convoys stand, as far as this process knows. */
export interface ConvoyStatistics {
  readonly convoys: number;
  /** Items whose child was started and has not ended. */
  readonly running: number;
  /** Items that wait: for a place, and for other items. */
  readonly waiting: { readonly ready: number; readonly blocked: number };
  /** From when an item could start until its start was committed and its child begins. */
  readonly starts: DurationDistribution;
}

/** Sees to it that convoys go on. */
export interface ConvoyKeeper extends Disposable {
  /** Takes up the convoys that a process before left running; before the engine runs their children. */
  load(): Promise<void>;
  /** Begins to start items. */
  serve(): void;
  /** Stores a convoy and begins with it, unless there is one of its id or key. Throws `IDEMPOTENCY_CONFLICT`. */
  create(tenant: string, made: NewConvoy): Promise<CreatedConvoy>;
  /** Ends a convoy with all it has running. Throws `NOT_FOUND` or `ALREADY_ENDED`. */
  stop(tenant: string, id: string, status: 'cancelled' | 'failed', reason: string): Promise<boolean>;
  /** Has what failed done again; once for each command. Throws `NOT_FOUND` or `ILLEGAL_TRANSITION`. */
  retry(tenant: string, id: string, commandId?: string): Promise<void>;
  /** An execution has ended, and that is stored; `itemId` is the item that it was the child of. Whether it was one. */
  ended(tenant: string, executionId: string, end: ItemEnd, itemId: string | null): boolean;
  /** How many items are in which status, at no cost; null where only the store knows. */
  progress(id: string): Readonly<Record<WorkItemStatus, number>> | null;
  /** How many of its items may run now, and why. */
  advice(convoy: Convoy): StartAdvice;
  /** Calls once when the convoy ends; the function that is given back takes that back. */
  onEnd(tenant: string, id: string, listener: () => void): () => void;
  statistics(): ConvoyStatistics;
}

/** Why a convoy ended with the execution that made it. */
export const parentReason = 'the execution that made it was cancelled';

/** Why a convoy ended at its deadline. */
export function timeoutReason({ timeoutMs }: Pick<Convoy, 'timeoutMs'>): string {
  return `the convoy was out of time after ${timeoutMs ?? 0} ms`;
}
