import type { WorkItemStatus } from './work-item.ts';

/** An item as a retry looks at it. */
export interface PastItem {
  readonly id: string;
  readonly status: WorkItemStatus;
  readonly wasStarted: boolean;
  readonly needs: readonly string[];
}

/**
 * Failed items, and those that were cancelled before they began, unless they depend on one that somebody cancelled: what was
 * cancelled for itself stays so.
 */
export function revivable(past: readonly PastItem[]): ReadonlySet<string> {
  const dependents = new Map<string, string[]>();
  for (const item of past)
    for (const need of item.needs) dependents.set(need, [...(dependents.get(need) ?? []), item.id]);
  const barred = new Set<string>();
  const open = past.filter((item) => item.status === 'cancelled' && item.wasStarted).map((item) => item.id);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (barred.has(next)) continue;
    barred.add(next);
    open.push(...(dependents.get(next) ?? []));
  }
  const broken = past.filter(({ status }) => status === 'failed' || status === 'cancelled');
  return new Set(broken.filter((item) => !barred.has(item.id)).map((item) => item.id));
}
