/** The times over which costs are told. */
export const ranges = {
  today: 'Today',
  week: '7 days',
  days30: '30 days',
  month: 'This month',
} as const;
export type Range = keyof typeof ranges;

const dayMs = 86_400_000;
const daysBefore = { today: 0, week: 6, days30: 29 } as const;

/** The first day of a range, as `2026-01-31`. Days are those of UTC, as in budgets; `now` in epoch milliseconds. */
export function firstDayOf(range: Range, now: number): string {
  if (range === 'month') return `${dayOf(now).slice(0, 8)}01`;
  return dayOf(now - daysBefore[range] * dayMs);
}

/** Every day from the first until now, oldest first. */
export function daysSince(first: string, now: number): readonly string[] {
  const days: string[] = [];
  for (let at = Date.parse(first); at <= now; at += dayMs) days.push(dayOf(at));
  return days;
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
