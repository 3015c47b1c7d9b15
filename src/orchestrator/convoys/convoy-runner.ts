import type { StartAdvice, Starts } from '../../flow/starts.ts';
import type { Clock } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { DurationHistogram } from '../../telemetry/histogram.ts';
import type { DurationDistribution } from '../../telemetry/histogram.ts';
import type { Convoy, ConvoyItem } from '../../work/convoy.ts';
import type { CreatedConvoy, NewConvoy } from '../../work/convoy-store.ts';
import type { WorkItemStatus } from '../../work/work-item.ts';
import type { Commands } from '../commands.ts';
import { ConvoyGraph, storedItem } from './convoy-graph.ts';
import type { GraphItem } from './convoy-graph.ts';
import { ItemStarter } from './item-starter.ts';
import type { ItemStarterParts } from './item-starter.ts';
import { ConvoyTurns } from './convoy-turns.ts';
import { Courses } from './course.ts';
import type { Course, ItemEnd } from './course.ts';

export interface ConvoyRunnerParts extends ItemStarterParts {
  readonly commands: Pick<Commands, 'cancelled' | 'signalled'>;
  readonly starts: Pick<Starts, 'advise' | 'started' | 'onChange'>;
  readonly clock: Clock;
  /** Hears why something could not be done that will be tried again. */
  readonly onError: (error: unknown) => void;
}

/** How the convoys of this process stand. */
export interface ConvoyStatistics {
  readonly convoys: number;
  /** Items whose child was started and has not ended. */
  readonly running: number;
  /** From when an item could start until its start was committed. */
  readonly starts: DurationDistribution;
}

/** Upper bounds in milliseconds, close together around what is promised of a start: 10 ms. */
const startBoundsMs = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 30, 50, 100, 250, 500, 1_000];

/** Pause before something is tried again that the store refused. */
const retryPauseMs = 1_000;

/**
 * Runs the open convoys in this process.
 *
 * C1  The rows are the truth. What is here in memory is built from them at the start, and again whenever a start is refused.
 * C2  An item starts in one commit with its child, and ends in the commit of its child's end; so a crash anywhere leaves an
 *     item that is ready, or one whose child the engine goes on with, and no completed item starts again.
 * C3  While it runs nothing is polled: ends are told by who committed them, samples and times by timers.
 */
export class ConvoyRunner implements Disposable {
  readonly #parts: ConvoyRunnerParts;
  readonly #courses = new Courses();
  readonly #turns: ConvoyTurns;
  readonly #starter: ItemStarter;
  readonly #waiters = new Map<string, Set<() => void>>();
  readonly #latencies = new DurationHistogram(startBoundsMs);
  #isServing = false;
  /** When the present starts became possible. */
  #since = 0;
  #unsubscribe: () => void = () => {};

  constructor(parts: ConvoyRunnerParts) {
    this.#parts = parts;
    this.#starter = new ItemStarter(parts);
    this.#turns = new ConvoyTurns(this.#courses, parts.starts, parts.clock, () => this.#refresh());
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
    this.#isServing = true;
    this.#unsubscribe = this.#parts.starts.onChange(() => this.#refresh());
    this.#refresh();
  }

  /** Stores a convoy and begins with it, unless there is one of its id or key. Throws `IDEMPOTENCY_CONFLICT`. */
  async create(tenant: string, made: NewConvoy): Promise<CreatedConvoy> {
    const { store, faults } = this.#parts;
    faults.at('submit.before');
    const created = await store.create(tenant, made);
    faults.at('submit.after');
    if (created.existing) return created;
    const { convoy, items } = made;
    this.#adopt(tenant, convoy, items.map(storedItem(convoy.createdAt)));
    this.#refresh();
    return created;
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

  /** An execution has ended, and that is stored. */
  ended(tenant: string, executionId: string, end: ItemEnd): void {
    const made = end === 'cancelled' ? this.#courses.madeBy(executionId) : [];
    for (const course of made)
      this.stop(tenant, course.convoy.id, 'cancelled', parentReason).catch(this.#parts.onError);
    const child = this.#courses.takeChild(executionId);
    if (child === undefined) return;
    const { course, itemId } = child;
    course.ended?.set(itemId, end);
    this.#since = this.#parts.clock.now();
    this.#endItem(course, itemId, end);
    if (course.graph.isOver) this.#conclude(course);
    else this.#turns.offer(course);
    this.#dispatch();
  }

  /** How many items are in which status, of a convoy that runs here. */
  progress(id: string): Readonly<Record<WorkItemStatus, number>> | null {
    return this.#courses.find(id)?.graph.counts ?? null;
  }

  /** How many of its items may run now, and why. */
  advice(convoy: Convoy): StartAdvice {
    return this.#turns.advice(convoy);
  }

  /** Calls once when the convoy ends in this process; the function that is given back takes that back. */
  onEnd(id: string, listener: () => void): () => void {
    const waiters = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiters.add(listener));
    return () => {
      waiters.delete(listener);
      if (waiters.size === 0 && this.#waiters.get(id) === waiters) this.#waiters.delete(id);
    };
  }

  statistics(): ConvoyStatistics {
    return { convoys: this.#courses.size, running: this.#turns.running, starts: this.#latencies.distribution() };
  }

  /** Starts nothing more; what runs is the engine's to drain. */
  [Symbol.dispose](): void {
    this.#isServing = false;
    this.#unsubscribe();
    this.#turns[Symbol.dispose]();
    for (const course of this.#courses.all()) course.deadline?.cancel();
  }

  #adopt(tenant: string, convoy: Convoy, items: readonly ConvoyItem[]): void {
    const { clock } = this.#parts;
    const graph = new ConvoyGraph(items, clock.now());
    // Stopped while it was read.
    if (graph.isOver) return;
    const course: Course = { tenant, convoy, graph, isOffered: false, deadline: null, ended: null };
    this.#courses.add(course);
    this.#turns.count(course, this.#courses.addChildren(course, items));
    if (convoy.deadlineAt !== null)
      course.deadline = clock.setTimer(convoy.deadlineAt - clock.now(), () => this.#expire(course));
  }

  #endItem(course: Course, itemId: string, end: ItemEnd): void {
    const item = course.graph.find(itemId);
    if (item?.status !== 'in_progress') return;
    course.graph.end(item, end, course.convoy.stopOnFirstFailure, this.#parts.clock.now());
    this.#turns.count(course, -1);
  }

  #expire(course: Course): void {
    if (!this.#isServing || !this.#courses.has(course)) return;
    const { tenant, convoy } = course;
    const reason = `the convoy was out of time after ${convoy.timeoutMs ?? 0} ms`;
    this.stop(tenant, convoy.id, 'failed', reason).catch((error: unknown) => {
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
    const waiters = this.#waiters.get(convoy.id);
    this.#waiters.delete(convoy.id);
    for (const waiter of waiters ?? []) waiter();
  }

  /** Looks at everything again: after a sample, a pause, or a new convoy. */
  #refresh(): void {
    this.#since = this.#parts.clock.now();
    for (const course of this.#courses.all()) this.#turns.offer(course);
    this.#dispatch();
  }

  #dispatch(): void {
    while (this.#isServing) {
      const course = this.#turns.next();
      if (course === undefined) return;
      const item = course.graph.take();
      if (item === undefined) continue;
      this.#turns.started(course);
      this.#turns.offer(course);
      this.#start(course, item, this.#since).catch(this.#parts.onError);
    }
  }

  async #start(course: Course, { id }: GraphItem, since: number): Promise<void> {
    let isStarted: boolean;
    try {
      isStarted = await this.#starter.start(course, id, (child) => {
        this.#latencies.observe(Math.max(0, this.#parts.clock.now() - since));
        this.#noteStarted(course, id, child);
      });
    } catch (error) {
      this.#putBack(course, id, error);
      return;
    }
    if (!isStarted) await this.#rebuild(course);
  }

  #noteStarted(course: Course, itemId: string, child: string): void {
    if (!this.#courses.has(course)) return;
    this.#courses.addChild(course, itemId, child);
    const item = course.graph.find(itemId);
    // Built again from rows that did not have the start yet.
    if (item?.status !== 'ready') return;
    course.graph.started(item);
    this.#turns.count(course, 1);
  }

  #putBack(course: Course, itemId: string, error: unknown): void {
    if (!this.#isServing || !this.#courses.has(course)) return;
    this.#parts.onError(error);
    const item = course.graph.find(itemId);
    const { clock } = this.#parts;
    if (item?.status === 'in_progress') {
      course.graph.putBack(item, clock.now());
      this.#turns.count(course, -1);
    }
    this.#turns.pause(retryPauseMs);
  }

  /** The store knows more than the graph: reads the rows. */
  async #rebuild(course: Course): Promise<void> {
    const { store, clock } = this.#parts;
    const { tenant, convoy } = course;
    if (course.ended !== null) return;
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
    this.#turns.count(course, this.#courses.addChildren(course, items));
    for (const [itemId, end] of ended) this.#endItem(course, itemId, end);
    if (course.graph.isOver) this.#conclude(course);
    this.#refresh();
  }
}

const parentReason = 'the execution that made it was cancelled';

/** Whether an error only says that the state is being closed. */
export function isClosing(error: unknown): boolean {
  return error instanceof SquadraError && error.code === 'SHUTTING_DOWN';
}
