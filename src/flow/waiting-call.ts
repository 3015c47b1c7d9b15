import type { CallTicket } from './admission.ts';
import type { Queued } from './fair-queue.ts';

/** A call that waits to leave. */
export interface WaitingCall extends Queued {
  readonly ticket: CallTicket;
  /** Its token of the member is set aside. */
  isOffered: boolean;
  /** It stands in the queue of its provider. */
  isQueued: boolean;
  /** It was cancelled. */
  isGone: boolean;
}

/** Ids in the order of when calls were asked for first, and of those asked for at once, in the order they came in. */
export function waitingId(askedAt: number, place: number): string {
  return `${String(Math.max(0, Math.floor(askedAt))).padStart(16, '0')}-${String(place).padStart(12, '0')}`;
}
