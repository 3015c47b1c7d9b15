/** An item that may have come to a bad end. */
export interface Ended {
  readonly key: string;
  readonly status: string;
  readonly reason: string | null;
}

/** Items that ended alike, for the same reason. */
export interface ReasonGroup<T> {
  readonly status: 'failed' | 'cancelled';
  readonly reason: string;
  readonly items: readonly T[];
}

const unsaid = 'Nobody said why.';

/** Failed and cancelled items by why; failures first, the most frequent reason before the others. */
export function groupReasons<T extends Ended>(items: readonly T[]): readonly ReasonGroup<T>[] {
  const groups = new Map<string, { status: 'failed' | 'cancelled'; reason: string; items: T[] }>();
  for (const item of items) {
    const { status, reason } = item;
    if (status !== 'failed' && status !== 'cancelled') continue;
    const name = JSON.stringify([status, reason]);
    const group = groups.get(name) ?? { status, reason: reason ?? unsaid, items: [] };
    groups.set(name, group);
    group.items.push(item);
  }
  return [...groups.values()].sort(
    (a, b) => Number(b.status === 'failed') - Number(a.status === 'failed') || b.items.length - a.items.length,
  );
}
