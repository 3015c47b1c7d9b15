import { pop, push } from '../../flow/fair-queue.ts';
import type { ConvoyItem, NewConvoyItem } from '../../work/convoy.ts';
import type { WorkItemStatus } from '../../work/work-item.ts';

/** An item as the graph knows it. */
export interface GraphItem extends Pick<ConvoyItem, 'id' | 'key' | 'priority'> {
  readonly place: number;
  status: WorkItemStatus;
  /** Dependencies that are not completed. */
  open: number;
  /** Since when it is ready, in milliseconds of the clock; 0 while it is not. */
  readyAt: number;
  readonly dependents: GraphItem[];
}

/**
 * The items of one running convoy in memory: which may start, in which order, and what an end does to the others. It follows
 * the rules by which the store moves the same items in the commits; it is built from the rows and can be built again.
 */
export class ConvoyGraph {
  readonly #items: ReadonlyMap<string, GraphItem>;
  readonly #ready: GraphItem[] = [];
  readonly #counts: Record<WorkItemStatus, number>;

  constructor(rows: readonly ConvoyItem[], now: number) {
    const items = new Map(
      rows.map(({ id, key, priority, status }, place): [string, GraphItem] => [
        id,
        { id, key, priority, status, place, open: 0, readyAt: 0, dependents: [] },
      ]),
    );
    this.#items = items;
    this.#counts = { pending: 0, ready: 0, blocked: 0, in_progress: 0, completed: 0, failed: 0, cancelled: 0 };
    for (const row of rows) {
      const item = items.get(row.id);
      if (item === undefined) continue;
      this.#counts[item.status]++;
      for (const needed of row.dependencies) {
        const dependency = items.get(needed);
        if (dependency === undefined || dependency.status === 'completed') continue;
        dependency.dependents.push(item);
        item.open++;
      }
    }
    for (const item of items.values()) if (item.status === 'ready') this.#enqueue(item, now);
  }

  get counts(): Readonly<Record<WorkItemStatus, number>> {
    return this.#counts;
  }

  get isOver(): boolean {
    const { pending, ready, blocked, in_progress: running } = this.#counts;
    return pending + ready + blocked + running === 0;
  }

  find(id: string): GraphItem | undefined {
    return this.#items.get(id);
  }

  /** The item that starts next; it stays where it is. */
  get next(): GraphItem | undefined {
    // What was cancelled while it waited is passed over here, instead of being looked for in the heap.
    while (this.#ready[0] !== undefined && this.#ready[0].status !== 'ready') pop(this.#ready, isBefore);
    return this.#ready[0];
  }

  /** Takes the item that starts next: from now on it runs. */
  take(): GraphItem | undefined {
    const item = this.next;
    if (item === undefined) return undefined;
    pop(this.#ready, isBefore);
    this.#move(item, 'in_progress');
    return item;
  }

  /** A start is stored of an item that still waits here. */
  started(item: GraphItem): void {
    if (item.status === 'ready') this.#move(item, 'in_progress');
  }

  /** A start that did not come about: the item waits again. */
  putBack(item: GraphItem, now: number): void {
    if (item.status !== 'in_progress') return;
    this.#move(item, 'ready');
    this.#enqueue(item, now);
  }

  /** An item that ran has ended. With `stops` a failure leaves nothing to be started. */
  end(item: GraphItem, end: 'completed' | 'failed' | 'cancelled', stops: boolean, now: number): void {
    if (item.status !== 'in_progress') return;
    this.#move(item, end);
    if (end !== 'completed') this.#cancelDependents(item);
    if (end === 'failed' && stops) this.#cancelUnstarted();
    if (end !== 'completed') return;
    for (const dependent of item.dependents) {
      dependent.open--;
      if (dependent.open > 0 || dependent.status !== 'blocked') continue;
      this.#move(dependent, 'ready');
      this.#enqueue(dependent, now);
    }
  }

  #enqueue(item: GraphItem, now: number): void {
    item.readyAt = now;
    push(this.#ready, item, isBefore);
  }

  #cancelDependents(item: GraphItem): void {
    const open = [...item.dependents];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next.status !== 'blocked' && next.status !== 'ready') continue;
      this.#move(next, 'cancelled');
      open.push(...next.dependents);
    }
  }

  #cancelUnstarted(): void {
    for (const item of this.#items.values())
      if (item.status === 'blocked' || item.status === 'ready') this.#move(item, 'cancelled');
  }

  #move(item: GraphItem, status: WorkItemStatus): void {
    this.#counts[item.status]--;
    this.#counts[status]++;
    item.status = status;
  }
}

/** Higher priority first, then in the order in which they were given. */
function isBefore(a: GraphItem, b: GraphItem): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.place < b.place);
}

/** An item as the store has it when its convoy was just made. */
export function storedItem(now: number): (item: NewConvoyItem) => ConvoyItem {
  return ({ id, key, memberId, priority, dependencies }) => ({
    id,
    key,
    memberId,
    priority,
    dependencies,
    status: dependencies.length === 0 ? 'ready' : 'blocked',
    reason: null,
    executionId: null,
    startedAt: null,
    endedAt: null,
    updatedAt: now,
  });
}
