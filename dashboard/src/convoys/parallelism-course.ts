/** When an item ran; null where it has not begun, or runs still. ISO 8601. */
export interface Ran {
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

/** How many ran from each time on, until the next. Epoch milliseconds, ascending, each once. */
export interface Course {
  readonly times: readonly number[];
  readonly running: readonly number[];
  readonly highest: number;
}

/**
 * How many items ran side by side, from the first start until the last end, or until `now` while some run. An item that was
 * retried counts from its first start to its last end.
 */
export function courseOf(items: readonly Ran[], now: number): Course {
  const changes = new Map<number, number>();
  const change = (at: number, by: number) => changes.set(at, (changes.get(at) ?? 0) + by);
  let isOpen = false;
  for (const { startedAt, endedAt } of items) {
    if (startedAt === null) continue;
    change(Date.parse(startedAt), 1);
    if (endedAt === null) isOpen = true;
    else change(Math.max(Date.parse(endedAt), Date.parse(startedAt)), -1);
  }
  const times = [...changes.keys()].sort((a, b) => a - b);
  const running: number[] = [];
  let count = 0;
  for (const at of times) running.push((count += changes.get(at) ?? 0));
  const last = times.at(-1);
  if (isOpen && last !== undefined && now > last) {
    times.push(now);
    running.push(count);
  }
  return { times, running, highest: Math.max(0, ...running) };
}
