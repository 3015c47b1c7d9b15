import { SquadraError } from '../kernel/errors.ts';
import type { StepRecord } from '../work/journal.ts';
import { isUsage } from '../work/usage.ts';
import type { Usage } from '../work/usage.ts';

/** A call that failed may have cost something all the same: half an answer is paid for. */
export function paidUsage(error: unknown): Usage | null {
  if (!(error instanceof SquadraError)) return null;
  const { usage } = error.details;
  return isUsage(usage) ? usage : null;
}

/** What the intent of an attempt reserved. */
export function reservedBy(inDoubt: StepRecord | null): Usage | null {
  if (inDoubt?.phase !== 'intent' || inDoubt.details === null) return null;
  const details: unknown = JSON.parse(inDoubt.details);
  if (typeof details !== 'object' || details === null || !('reservation' in details)) return null;
  return isUsage(details.reservation) ? details.reservation : null;
}
