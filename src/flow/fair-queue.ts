/** Something that waits for its turn. */
export interface Queued {
  readonly id: string;
  readonly tenant: string;
  /** Higher goes first within its tenant. */
  readonly priority: number;
}

interface Lane<T> {
  readonly tenant: string;
  readonly items: T[];
  /** Virtual time: how many turns this tenant has had, counted from when it last had nothing waiting. */
  turns: number;
}

/**
 * A work-conserving queue that is fair over tenants: the tenant that had the fewest turns goes next, and within a tenant
 * the highest priority, then the oldest (ids are ordered by time). A tenant that comes back after a pause starts level with
 * the others, so it cannot save up turns.
 */
export class FairQueue<T extends Queued> {
  readonly #lanes = new Map<string, Lane<T>>();
  /** Lanes with something waiting, as a heap by turns. */
  readonly #order: Lane<T>[] = [];
  /** Tenants that had their turn in the present round and have nothing waiting. */
  readonly #served = new Set<string>();
  readonly #isGone: (item: T) => boolean;
  #now = 0;
  #size = 0;

  /** Those of whom `isGone` says so when their turn comes are left out, and take no turn. */
  constructor(isGone: (item: T) => boolean = () => false) {
    this.#isGone = isGone;
  }

  /** Those included that are gone and were not left out yet. */
  get size(): number {
    return this.#size;
  }

  add(item: T): void {
    let lane = this.#lanes.get(item.tenant);
    if (lane === undefined) {
      // Who comes back within a round waits for the next one: else a tenant that always has one item would get every turn.
      lane = { tenant: item.tenant, items: [], turns: this.#now + (this.#served.delete(item.tenant) ? 1 : 0) };
      this.#lanes.set(item.tenant, lane);
      push(this.#order, lane, byTurns);
    }
    push(lane.items, item, byPriority);
    this.#size++;
  }

  /** Who goes next. */
  peek(): T | undefined {
    for (let lane = this.#order[0]; lane !== undefined; lane = this.#order[0]) {
      for (let item = lane.items[0]; item !== undefined; item = lane.items[0]) {
        if (!this.#isGone(item)) return item;
        pop(lane.items, byPriority);
        this.#size--;
      }
      pop(this.#order, byTurns);
      this.#lanes.delete(lane.tenant);
    }
    return undefined;
  }

  /** Leaves out at once all who are gone. */
  sweep(): void {
    const lanes = this.#order.splice(0);
    this.#lanes.clear();
    this.#size = 0;
    for (const lane of lanes) {
      const items = lane.items.splice(0).filter((item) => !this.#isGone(item));
      if (items.length === 0) continue;
      for (const item of items) push(lane.items, item, byPriority);
      this.#size += items.length;
      this.#lanes.set(lane.tenant, lane);
      push(this.#order, lane, byTurns);
    }
  }

  take(): T | undefined {
    this.peek();
    const lane = this.#order[0];
    if (lane === undefined) return undefined;
    const item = pop(lane.items, byPriority);
    this.#moveTo(lane.turns);
    lane.turns++;
    pop(this.#order, byTurns);
    if (lane.items.length > 0) push(this.#order, lane, byTurns);
    else {
      this.#lanes.delete(lane.tenant);
      this.#served.add(lane.tenant);
    }
    this.#size--;
    if (this.#size === 0) this.#moveTo(this.#now + 1);
    return item;
  }

  #moveTo(round: number): void {
    if (round === this.#now) return;
    this.#now = round;
    this.#served.clear();
  }
}

function byTurns(a: Lane<unknown>, b: Lane<unknown>): boolean {
  return a.turns < b.turns || (a.turns === b.turns && a.tenant < b.tenant);
}

function byPriority(a: Queued, b: Queued): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.id < b.id);
}

/** Adds to a binary heap whose first element is the one that `isBefore` all others. */
export function push<T>(heap: T[], item: T, isBefore: (a: T, b: T) => boolean): void {
  let place = heap.length;
  heap.push(item);
  while (place > 0) {
    const above = (place - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(item, parent)) break;
    heap[place] = parent;
    place = above;
  }
  heap[place] = item;
}

/** Takes the first element of a binary heap. */
export function pop<T>(heap: T[], isBefore: (a: T, b: T) => boolean): T | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let place = 0;
  for (;;) {
    const left = 2 * place + 1;
    const leftItem = heap[left];
    if (leftItem === undefined) break;
    const rightItem = heap[left + 1];
    const isRight = rightItem !== undefined && isBefore(rightItem, leftItem);
    const child = isRight ? rightItem : leftItem;
    if (!isBefore(child, last)) break;
    heap[place] = child;
    place = isRight ? left + 1 : left;
  }
  heap[place] = last;
  return first;
}
