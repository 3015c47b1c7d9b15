import type { ConvoyStatus } from './convoy.ts';
import type { WorkItemStatus } from './work-item.ts';

/** An item that did not come to a good end. */
export interface BrokenItem {
  readonly key: string;
  readonly status: 'failed' | 'cancelled';
  readonly reason: string | null;
}

/** How a convoy ends, and why. */
export interface Conclusion {
  readonly status: ConvoyStatus;
  readonly reason: string | null;
}

/** Of the items that failed, so many are named in the reason of the convoy. */
export const maxNamed = 5;
const maxReasonLength = 200;

/** What a convoy with no open item has come to. `broken`: those that failed, and after them those whose child was cancelled. */
export function conclusionOf(
  { completed = 0, failed = 0, cancelled = 0 }: Partial<Readonly<Record<WorkItemStatus, number>>>,
  stopOnFirstFailure: boolean,
  broken: readonly BrokenItem[],
): Conclusion {
  if (failed + cancelled === 0) return { status: 'completed', reason: null };
  const hasStopped = failed > 0 && stopOnFirstFailure;
  const status = completed === 0 || hasStopped ? 'failed' : 'partial';
  const named = broken.slice(0, maxNamed).map(({ key, status: how, reason: why }) => {
    const verb = how === 'failed' ? '' : 'was cancelled: ';
    return `'${key}' (${verb}${String(why)})`;
  });
  const total = completed + failed + cancelled;
  const more = failed > named.length ? ', …' : '';
  const what = failed === 0 ? `${cancelled} of ${total} items were cancelled` : `${failed} of ${total} items failed`;
  const first = `${what}: ${named.join(', ')}${more}`;
  if (failed === 0 || cancelled === 0) return { status, reason: first };
  return { status, reason: `${first}; ${cancelled} ${cancelled === 1 ? 'was' : 'were'} cancelled because of that` };
}

/** Why an item did not complete, as long as reasons may be. */
export function endReason(how: 'failed' | 'cancelled', reason: string | null): string {
  const why = reason ?? `its execution ${how === 'failed' ? 'failed' : 'was cancelled'}`;
  return why.length > maxReasonLength ? `${why.slice(0, maxReasonLength)}…` : why;
}
