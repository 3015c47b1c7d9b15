import type { SquadraError } from '../kernel/errors.ts';
import { heldBackBy } from '../work/budget-refusal.ts';
import type { Run } from './run.ts';

/** How often a call that waits for room looks whether there is some: who should have called it may not have lived to do so. */
const lookAgainMs = 60_000;

/**
 * Lets a call that a budget refused wait, when only calls in flight are in its way; `then` tries again. False when it is not
 * so, or it is no use to wait. Nothing is recorded: a replay comes to the same call, and is refused or not.
 */
export function waitForRoom(
  run: Run,
  { key, refusal, longestMs }: { readonly key: string; readonly refusal: SquadraError; readonly longestMs: number },
  then: () => void,
): boolean {
  const { tenant, executionId, priority, services, waits } = run;
  const budget = heldBackBy(refusal);
  if (budget === null) return false;
  const call = { tenant, executionId, priority, key, budget, longestMs };
  if (!services.room.wait(call, () => run.isOpen && waits.endNow(key))) return false;
  const dueAt = services.clock.now() + lookAgainMs;
  waits.add({ key, dueAt, signal: null, record: null, reason: refusal.message, end: then });
  return true;
}

/** The call has left, or will not: the next one may find room. */
export function leaveRoom({ executionId, services }: Run, key: string): void {
  services.room.leave(executionId, key);
}
