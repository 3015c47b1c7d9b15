import { handlers, object } from '@restatedev/restate-sdk';
import type { ObjectContext, VirtualObjectDefinition } from '@restatedev/restate-sdk';
import type { Order } from '../ordered/order.ts';
import { handlerName, objectName, readOrder } from './order.ts';
import type { SentOrder } from './order.ts';

export interface AdvanceObjectSettings {
  /** How long a run may take in one piece before it stops at the end of a step. */
  readonly maxSliceMs: number;
  /** The longest that what it is in then can take. */
  readonly longestStepMs: number;
  /** The longest pause before an order is given again; 5 s where nothing is said. */
  readonly longestPauseMs?: number;
}

export type AdvanceObject = VirtualObjectDefinition<
  typeof objectName,
  { readonly [handlerName]: (context: ObjectContext, order: SentOrder) => Promise<void> }
>;

/** Beyond what a run may take: for its commits, and for waiting for a place. */
const allowanceMs = 60_000;
/** As long as an order can be sent twice by one who did not hear that it was taken. */
const idempotencyMs = 60_000;

/** How long Restate waits, in milliseconds. */
export interface AdvanceTimeouts {
  readonly inactivityTimeout: number;
  readonly abortTimeout: number;
}

/** A run says nothing to Restate: first it is asked to pause, which it cannot, and later it is cut off. */
export function advanceTimeouts({
  maxSliceMs,
  longestStepMs,
}: Pick<AdvanceObjectSettings, 'maxSliceMs' | 'longestStepMs'>): AdvanceTimeouts {
  return { inactivityTimeout: maxSliceMs, abortTimeout: longestStepMs + allowanceMs };
}

/**
 * What Restate knows of an execution: an object under its id, whose orders are carried out one after the other. Its handler writes
 * nothing in Restate's journal, so an order that is given again begins from the top, whatever came of it before.
 */
export function advanceObject(
  { maxSliceMs, longestStepMs, longestPauseMs = 5_000 }: AdvanceObjectSettings,
  perform: (order: Order, gone: AbortSignal) => Promise<void>,
): AdvanceObject {
  const advance = (context: ObjectContext, given: SentOrder): Promise<void> =>
    perform(readOrder(context.key, given), context.request().attemptCompletedSignal);
  return object({
    name: objectName,
    handlers: { [handlerName]: handlers.object.exclusive({}, advance) },
    options: {
      ...advanceTimeouts({ maxSliceMs, longestStepMs }),
      idempotencyRetention: idempotencyMs,
      journalRetention: 0,
      retryPolicy: {
        initialInterval: 50,
        exponentiationFactor: 2,
        maxInterval: longestPauseMs,
        // Restate would set it aside after some attempts: an execution is never given up by its engine.
        maxAttempts: Number.MAX_SAFE_INTEGER,
        onMaxAttempts: 'pause',
      },
    },
  }) as AdvanceObject;
}
