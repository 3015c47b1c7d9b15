import type { Clock, Timer } from '../kernel/clock.ts';
import type { HeldCall, Room } from '../workflows/room.ts';
import { pop, push } from './fair-queue.ts';

interface Waiting {
  readonly call: HeldCall;
  /** In the order in which they came first. */
  readonly place: number;
  readonly line: Line;
  onTurn: () => boolean;
  /** How often something had been given back when it was last called; null while it waits to be called. */
  calledAt: number | null;
  isGone: boolean;
}

/** Those who wait for room in one budget. */
interface Line {
  readonly name: string;
  readonly tenant: string;
  /** Who waits to be called, as a heap; those that are gone leave when they come up. */
  readonly uncalled: Waiting[];
  size: number;
  /** How often something was given back since the line is there. */
  givenBack: number;
  /** The longest that a call can hold its room, in milliseconds. */
  longestMs: number;
  /** Nothing was given back for that long. */
  isQuiet: boolean;
  timer: Timer | null;
}

/** An execution that is to be advanced. */
interface Woken {
  readonly tenant: string;
  readonly id: string;
  readonly priority: number;
}

/** Below this many entries no heap is swept. */
const smallHeap = 16;

/**
 * Calls that wait for room in a budget, in the order of priority, then age.
 *
 * L1  Whenever something is given back one more is called; when it leaves, or will not, the next one is. Who finds no room goes
 *     back to its place, and is called again at once when something was given back meanwhile.
 * L2  Who waits holds nothing, so nobody waits for somebody who waits. What they wait for is in flight and ends by itself; where
 *     it does not (it is of a process that is gone), nothing is given back for as long as a call can take, and nobody waits on.
 * L3  A line is there while somebody waits in it.
 */
export class RoomLines implements Room, Disposable {
  readonly #clock: Clock;
  readonly #wake: (execution: Woken) => void;
  readonly #lines = new Map<string, Line>();
  /** By execution and step. */
  readonly #waiting = new Map<string, Map<string, Waiting>>();
  #size = 0;
  #places = 0;

  /** `wake` advances an execution that was parked while it waited. */
  constructor(clock: Clock, wake: (execution: Woken) => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** Calls that wait. */
  get size(): number {
    return this.#size;
  }

  wait(call: HeldCall, onTurn: () => boolean): boolean {
    const line = this.#lineOf(call);
    const known = this.#waiting.get(call.executionId)?.get(call.key);
    if (line.isQuiet) return false;
    if (known?.line === line) {
      known.onTurn = onTurn;
      this.#putBack(known);
      return true;
    }
    if (known !== undefined) this.#remove(known);
    this.#add(call, onTurn, line, known?.place ?? this.#places++);
    return true;
  }

  leave(executionId: string, key: string): void {
    const waiting = this.#size === 0 ? undefined : this.#waiting.get(executionId)?.get(key);
    if (waiting !== undefined) this.#remove(waiting);
  }

  /** The execution has ended. */
  forget(executionId: string): void {
    for (const waiting of this.#waiting.get(executionId)?.values() ?? []) this.#remove(waiting);
  }

  /** Something was given back to these budgets. */
  givenBack(tenant: string, budgets: readonly string[]): void {
    if (this.#size === 0) return;
    for (const budget of budgets) {
      const line = this.#lines.get(nameOf(tenant, budget));
      if (line !== undefined) this.#goOn(line);
    }
  }

  /** Something may have been given back to any budget of the tenant, or one was changed. */
  lookAgain(tenant: string): void {
    for (const line of this.#lines.values()) if (line.tenant === tenant) this.#goOn(line);
  }

  [Symbol.dispose](): void {
    for (const line of this.#lines.values()) line.timer?.cancel();
    this.#lines.clear();
    this.#waiting.clear();
    this.#size = 0;
  }

  #lineOf({ tenant, budget, longestMs }: HeldCall): Line {
    const name = nameOf(tenant, budget);
    const found = this.#lines.get(name);
    if (found !== undefined) {
      found.longestMs = Math.max(found.longestMs, longestMs);
      return found;
    }
    return { name, tenant, uncalled: [], size: 0, givenBack: 0, longestMs, isQuiet: false, timer: null };
  }

  #add(call: HeldCall, onTurn: () => boolean, line: Line, place: number): void {
    const waiting: Waiting = { call, place, line, onTurn, calledAt: null, isGone: false };
    const ofExecution = this.#waiting.get(call.executionId) ?? new Map<string, Waiting>();
    this.#waiting.set(call.executionId, ofExecution.set(call.key, waiting));
    this.#lines.set(line.name, line);
    push(line.uncalled, waiting, goesFirst);
    line.size += 1;
    this.#size += 1;
    if (line.timer === null) this.#watch(line);
  }

  /** It was called, or looked by itself, and found no room. */
  #putBack(waiting: Waiting): void {
    const { line, calledAt } = waiting;
    if (calledAt === null) return;
    waiting.calledAt = null;
    push(line.uncalled, waiting, goesFirst);
    if (line.givenBack > calledAt) this.#callFirst(line);
  }

  #remove(waiting: Waiting): void {
    const { call, line } = waiting;
    waiting.isGone = true;
    const ofExecution = this.#waiting.get(call.executionId);
    ofExecution?.delete(call.key);
    if (ofExecution?.size === 0) this.#waiting.delete(call.executionId);
    line.size -= 1;
    this.#size -= 1;
    if (line.size === 0) {
      line.timer?.cancel();
      this.#lines.delete(line.name);
      return;
    }
    if (line.uncalled.length > 2 * line.size + smallHeap) {
      const left = line.uncalled.splice(0).filter(({ isGone }) => !isGone);
      for (const other of left) push(line.uncalled, other, goesFirst);
    }
    this.#callFirst(line);
  }

  #goOn(line: Line): void {
    line.givenBack += 1;
    line.isQuiet = false;
    this.#watch(line);
    this.#callFirst(line);
  }

  #callFirst(line: Line): boolean {
    for (let first = pop(line.uncalled, goesFirst); first !== undefined; first = pop(line.uncalled, goesFirst)) {
      if (first.isGone) continue;
      first.calledAt = line.givenBack;
      const { tenant, executionId: id, priority } = first.call;
      if (!first.onTurn()) this.#wake({ tenant, id, priority });
      return true;
    }
    return false;
  }

  #watch(line: Line): void {
    line.timer?.cancel();
    line.timer = this.#clock.setTimer(line.longestMs, () => {
      line.isQuiet = true;
      while (this.#callFirst(line));
    });
  }
}

function nameOf(tenant: string, budget: string): string {
  return JSON.stringify([tenant, budget]);
}

function goesFirst(a: Waiting, b: Waiting): boolean {
  return a.call.priority > b.call.priority || (a.call.priority === b.call.priority && a.place < b.place);
}
