import type { StartAdvice, Starts } from '../../flow/starts.ts';
import type { Clock } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { Convoy, ConvoyItem } from '../../work/convoy.ts';
import type { CreatedConvoy, NewConvoy } from '../../work/convoy-store.ts';
import type { WorkItemStatus } from '../../work/work-item.ts';
import type { Commands } from '../commands.ts';
import { ConvoyEnds } from './convoy-ends.ts';
import { parentReason, timeoutReason } from './convoy-keeper.ts';
import type { ConvoyKeeper, ConvoyStatistics } from './convoy-keeper.ts';
import { ConvoyGraph, storedItem } from './convoy-graph.ts';
import { ItemStarter } from './item-starter.ts';
import type { ItemStarterParts } from './item-starter.ts';
import { ItemStarts, retryPauseMs } from './item-starts.ts';
import { ConvoyTurns } from './convoy-turns.ts';
import { Courses } from './course.ts';
import type { Course, ItemEnd } from './course.ts';
import { occasionNow, occasionWith } from './occasion.ts';
import type { Occasion } from './occasion.ts';

export interface ConvoyRunnerParts extends ItemStarterParts {
  readonly commands: Pick<Commands, 'cancelled' | 'signalled'>;
  readonly starts: Pick<Starts, 'advise' | 'started' | 'onChange'>;
  readonly clock: Clock;
  /** Hears why something could not be done that will be tried again. */
  readonly onError: (error: unknown) => void;
}

/**
 * Runs the open convoys in this process.
 *
 * C1  The rows are the truth. What is here in memory is built from them at the start, and again whenever a start is refused.
 * C2  An item starts in one commit with its child, and ends in the commit of its child's end; so a crash anywhere leaves an
 *     item that is ready, or one whose child the engine goes on with, and no completed item starts again.
 * C3  While it runs nothing is polled: ends are told by who committed them, samples and times by timers.
 * C4  What follows from a completion, or from a new convoy, is sent to the store right behind it, not after it was answered:
 *     the store takes both into one commit. Nobody is told of it before that commit.
 */
export class ConvoyRunner implements ConvoyKeeper {
  readonly #parts: ConvoyRunnerParts;
  readonly #courses = new Courses();
  readonly #turns: ConvoyTurns;
  readonly #starts: ItemStarts;
  readonly #ends = new ConvoyEnds();
  #unsubscribe: () => void = () => {};

  constructor(parts: ConvoyRunnerParts) {
    this.#parts = parts;
    this.#turns = new ConvoyTurns(this.#courses, parts.starts, parts.clock, () => this.#refresh());
    this.#starts = new ItemStarts({
      courses: this.#courses,
      turns: this.#turns,
      starter: new ItemStarter(parts, (executionId, stored) => this.#completing(executionId, stored)),
      clock: parts.clock,
      onError: parts.onError,
      rebuild: (course) => this.#rebuild(course),
    });
  }

  /** Takes up the convoys that a process before left running; before the engine runs their children. */
  async load(): Promise<void> {
    for (const { tenant, convoy, parentStatus } of await this.#parts.store.open()) {
      if (parentStatus === 'cancelled') await this.stop(tenant, convoy.id, 'cancelled', parentReason);
      else this.#adopt(tenant, convoy, await this.#parts.store.items(tenant, convoy.id));
    }
  }

  /** Begins to start items. */
  serve(): void {
    this.#starts.open();
    this.#unsubscribe = this.#parts.starts.onChange(() => this.#refresh());
    this.#refresh();
  }

  /** Stores a convoy and begins with it, unless there is one of its id or key. Throws `IDEMPOTENCY_CONFLICT`. */
  async create(tenant: string, made: NewConvoy): Promise<CreatedConvoy> {
    const { store, faults } = this.#parts;
    faults.at('submit.before');
    const storing = store.create(tenant, made);
    const course = this.#begin(tenant, made, storing);
    let isNew = false;
    try {
      const created = await storing;
      faults.at('submit.after');
      isNew = !created.existing;
      return created;
    } finally {
      if (!isNew && course !== null) this.#leave(course);
    }
  }

  /** Ends a convoy with all it has running. Throws `NOT_FOUND` or `ALREADY_ENDED`. */
  async stop(tenant: string, id: string, status: 'cancelled' | 'failed', reason: string): Promise<boolean> {
    const { store, faults, commands } = this.#parts;
    faults.at('cancel.before');
    const { changed, children } = await store.stop(tenant, id, status, reason);
    faults.at('cancel.after');
    const course = this.#courses.find(id);
    if (course !== undefined) this.#leave(course);
    for (const child of children) commands.cancelled(tenant, child.id, child.priority, reason);
    if (course !== undefined) this.#announce(course);
    this.#refresh();
    return changed;
  }

  /** Has what failed done again; once for each command. Throws `NOT_FOUND` or `ILLEGAL_TRANSITION`. */
  async retry(tenant: string, id: string, commandId?: string): Promise<void> {
    const { store, faults } = this.#parts;
    faults.at('retry.before');
    await store.retry(tenant, id, commandId);
    faults.at('retry.after');
    const convoy = await store.get(tenant, id);
    if (convoy === null || convoy.status !== 'running' || this.#courses.find(id) !== undefined) return;
    this.#adopt(tenant, convoy, await store.items(tenant, id));
    this.#refresh();
  }

  /** An execution has ended, and that is stored; whether it was the child of an item. */
  ended(tenant: string, executionId: string, end: ItemEnd): boolean {
    for (const course of end === 'cancelled' ? this.#courses.madeBy(executionId) : [])
      this.stop(tenant, course.convoy.id, 'cancelled', parentReason).catch(this.#parts.onError);
    const child = this.#courses.takeChild(executionId);
    if (child === undefined) return false;
    const { course, itemId } = child;
    course.ended?.set(itemId, end);
    const isExpected = course.completing.delete(itemId);
    if (isExpected && end !== 'completed') {
      this.#rebuild(course).catch(this.#parts.onError);
      return true;
    }
    this.#endItem(course, itemId, end);
    if (course.graph.isOver && course.completing.size === 0) this.#conclude(course);
    else if (!isExpected) this.#turns.offer(course);
    if (!isExpected) this.#starts.dispatch(occasionNow(this.#parts.clock));
    return true;
  }

  /** How many items are in which status, of a convoy that runs here; what is on its way to the store has not happened. */
  progress(id: string): Readonly<Record<WorkItemStatus, number>> | null {
    const course = this.#courses.find(id);
    if (course === undefined) return null;
    const { counts } = course.graph;
    const [completing, starting] = [course.completing.size, course.starting.size];
    return {
      ...counts,
      ready: counts.ready + starting,
      in_progress: counts.in_progress - starting + completing,
      completed: counts.completed - completing,
    };
  }

  /** How many of its items may run now, and why. */
  advice(convoy: Convoy): StartAdvice {
    return this.#turns.advice(convoy);
  }

  /** Calls once when the convoy ends in this process; the function that is given back takes that back. */
  onEnd(_tenant: string, id: string, listener: () => void): () => void {
    return this.#ends.listen(id, listener);
  }

  statistics(): ConvoyStatistics {
    const waiting = this.#courses.waiting();
    return { convoys: this.#courses.size, running: this.#turns.running, waiting, starts: this.#starts.latencies() };
  }

  /** Starts nothing more; what runs is the engine's to drain. */
  [Symbol.dispose](): void {
    this.#starts.close();
    this.#unsubscribe();
    this.#turns[Symbol.dispose]();
    for (const course of this.#courses.all()) course.deadline?.cancel();
  }

  /** Begins with a convoy that is on its way to the store; null when one of its id runs here. */
  #begin(tenant: string, { convoy, items }: NewConvoy, storing: Promise<unknown>): Course | null {
    if (this.#courses.find(convoy.id) !== undefined) return null;
    const course = this.#adopt(tenant, convoy, items.map(storedItem(convoy.createdAt)));
    this.#refresh(occasionWith(storing, this.#parts.clock));
    return course;
  }

  #adopt(tenant: string, convoy: Convoy, items: readonly ConvoyItem[]): Course | null {
    const { clock } = this.#parts;
    const graph = new ConvoyGraph(items, clock.now());
    // Stopped while it was read.
    if (graph.isOver) return null;
    const course: Course = {
      tenant,
      convoy,
      graph,
      isOffered: false,
      deadline: null,
      ended: null,
      completing: new Set(),
      starting: new Set(),
    };
    this.#courses.add(course);
    this.#turns.count(course, this.#courses.addChildren(course, items));
    if (convoy.deadlineAt !== null)
      course.deadline = clock.setTimer(convoy.deadlineAt - clock.now(), () => this.#expire(course));
    return course;
  }

  /** The completion of a child is on its way to the store. */
  #completing(executionId: string, stored: Promise<unknown>): void {
    const child = this.#courses.child(executionId);
    if (child === undefined || !this.#starts.isOpen) return;
    const { course, itemId } = child;
    if (course.ended !== null || course.graph.find(itemId)?.status !== 'in_progress') return;
    course.completing.add(itemId);
    this.#endItem(course, itemId, 'completed');
    stored.catch(() => {
      // Whoever refused it knows why, and tells.
      if (course.completing.has(itemId)) this.#rebuild(course).catch(this.#parts.onError);
    });
    this.#turns.offer(course);
    this.#starts.dispatch(occasionWith(stored, this.#parts.clock));
  }

  #endItem(course: Course, itemId: string, end: ItemEnd): void {
    const item = course.graph.find(itemId);
    if (item?.status !== 'in_progress') return;
    course.graph.end(item, end, course.convoy.stopOnFirstFailure, this.#parts.clock.now());
    this.#turns.count(course, -1);
  }

  #expire(course: Course): void {
    if (!this.#starts.isOpen || !this.#courses.has(course)) return;
    const { tenant, convoy } = course;
    this.stop(tenant, convoy.id, 'failed', timeoutReason(convoy)).catch((error: unknown) => {
      this.#parts.onError(error);
      course.deadline = this.#parts.clock.setTimer(retryPauseMs, () => this.#expire(course));
    });
  }

  #leave(course: Course): void {
    this.#turns.count(course, -course.graph.counts.in_progress);
    this.#courses.remove(course);
  }

  #conclude(course: Course): void {
    this.#leave(course);
    this.#announce(course);
  }

  #announce({ tenant, convoy }: Course): void {
    if (convoy.parent !== null) this.#parts.commands.signalled(tenant, convoy.parent.executionId, 0);
    this.#ends.tell(convoy.id);
  }

  /** Looks at everything again: after a sample, a pause, or a new convoy. */
  #refresh(occasion: Occasion = occasionNow(this.#parts.clock)): void {
    for (const course of this.#courses.all()) this.#turns.offer(course);
    this.#starts.dispatch(occasion);
  }

  /** The store knows more than the graph: reads the rows. */
  async #rebuild(course: Course): Promise<void> {
    const { store, clock } = this.#parts;
    const { tenant, convoy } = course;
    if (course.ended !== null || !this.#courses.has(course)) return;
    const ended = (course.ended = new Map<string, ItemEnd>());
    let items: readonly ConvoyItem[];
    try {
      items = await store.items(tenant, convoy.id);
    } finally {
      course.ended = null;
    }
    if (!this.#courses.has(course)) return;
    this.#turns.count(course, -course.graph.counts.in_progress);
    this.#courses.forgetChildren(course);
    course.graph = new ConvoyGraph(items, clock.now());
    course.completing.clear();
    course.starting.clear();
    this.#turns.count(course, this.#courses.addChildren(course, items));
    for (const [itemId, end] of ended) this.#endItem(course, itemId, end);
    if (course.graph.isOver) this.#conclude(course);
    this.#refresh();
  }
}

/** Whether an error only says that the state is being closed. */
export function isClosing(error: unknown): boolean {
  return error instanceof SquadraError && error.code === 'SHUTTING_DOWN';
}
