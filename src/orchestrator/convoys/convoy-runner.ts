import type { Bus } from '../../bus/bus.ts';
import type { Engine } from '../../engines/engine.ts';
import { FairQueue } from '../../flow/fair-queue.ts';
import type { StartAdvice, Starts } from '../../flow/starts.ts';
import type { Clock, Timer } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { Faults } from '../../kernel/faults.ts';
import type { IdSource } from '../../kernel/id.ts';
import { DurationHistogram } from '../../telemetry/histogram.ts';
import type { DurationDistribution } from '../../telemetry/histogram.ts';
import type { Convoy, ConvoyItem, NewConvoyItem } from '../../work/convoy.ts';
import type { ConvoyStore, StartedItem } from '../../work/convoy-store.ts';
import type { WorkItemStatus } from '../../work/work-item.ts';
import type { Advancer } from '../advancer.ts';
import type { Commands } from '../commands.ts';
import { ConvoyGraph } from './convoy-graph.ts';
import type { GraphItem } from './convoy-graph.ts';

export interface ConvoyRunnerParts {
  readonly store: ConvoyStore;
  readonly engine: Engine;
  readonly advancer: Advancer;
  readonly commands: Pick<Commands, 'cancelled' | 'signalled'>;
  readonly starts: Pick<Starts, 'advise' | 'started' | 'onChange'>;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly faults: Faults;
  /** Hears why something could not be done that will be tried again. */
  readonly onError: (error: unknown) => void;
}

/** A convoy that runs in this process. */
interface Course {
  readonly tenant: string;
  readonly convoy: Convoy;
  graph: ConvoyGraph;
  /** Whether it stands in a queue for its next start: once at most. */
  isOffered: boolean;
  deadline: Timer | null;
  /** While it is built again: the children that ended meanwhile. */
  ended: Map<string, ItemEnd> | null;
}

type ItemEnd = 'completed' | 'failed' | 'cancelled';

/** A convoy that waits for its turn to start an item. */
interface Offer {
  /** Of the item it would start. */
  readonly id: string;
  readonly tenant: string;
  readonly priority: number;
  readonly course: Course;
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
 * C4  Convoys that say `auto` share the places of the machine, fair over tenants, then by priority, then by age: each stands in
 *     the queue once, whatever it has ready. One that says a number, or has limits of its own, has its own places.
 */
export class ConvoyRunner implements Disposable {
  readonly #parts: ConvoyRunnerParts;
  readonly #courses = new Map<string, Course>();
  /** By execution of the child. */
  readonly #children = new Map<string, { readonly course: Course; readonly itemId: string }>();
  /** By the execution that made them. */
  readonly #byParent = new Map<string, Set<Course>>();
  readonly #shared = new FairQueue<Offer>();
  readonly #own = new FairQueue<Offer>();
  readonly #waiters = new Map<string, Set<() => void>>();
  readonly #latencies = new DurationHistogram(startBoundsMs);
  #sharedRunning = 0;
  #running = 0;
  #isServing = false;
  /** When the present starts became possible. */
  #since = 0;
  #timer: { readonly at: number; readonly timer: Timer } | null = null;
  #unsubscribe: () => void = () => {};

  constructor(parts: ConvoyRunnerParts) {
    this.#parts = parts;
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

  /** Stores a convoy and begins with it; false when there is one of its id. */
  async create(tenant: string, convoy: Convoy, items: readonly NewConvoyItem[]): Promise<boolean> {
    const { store, faults } = this.#parts;
    faults.at('submit.before');
    const isNew = await store.create(tenant, convoy, items);
    faults.at('submit.after');
    if (!isNew) return false;
    this.#adopt(tenant, convoy, items.map(storedItem(convoy.createdAt)));
    this.#refresh();
    return true;
  }

  /** Ends a convoy with all it has running. Throws `NOT_FOUND` or `ALREADY_ENDED`. */
  async stop(tenant: string, id: string, status: 'cancelled' | 'failed', reason: string): Promise<boolean> {
    const { store, faults, commands } = this.#parts;
    faults.at('cancel.before');
    const { changed, children } = await store.stop(tenant, id, status, reason);
    faults.at('cancel.after');
    const course = this.#courses.get(id);
    if (course !== undefined) this.#leave(course);
    for (const child of children) commands.cancelled(tenant, child.id, child.priority, reason);
    if (course !== undefined) this.#announce(course);
    this.#refresh();
    return changed;
  }

  /** Has what failed done again. Throws `NOT_FOUND` or `ILLEGAL_TRANSITION`. */
  async retry(tenant: string, id: string): Promise<void> {
    const { store, faults } = this.#parts;
    faults.at('retry.before');
    await store.retry(tenant, id);
    faults.at('retry.after');
    const convoy = await store.get(tenant, id);
    if (convoy === null || convoy.status !== 'running' || this.#courses.has(id)) return;
    this.#adopt(tenant, convoy, await store.items(tenant, id));
    this.#refresh();
  }

  /** An execution has ended, and that is stored. */
  ended(tenant: string, executionId: string, end: ItemEnd): void {
    const made = end === 'cancelled' ? this.#byParent.get(executionId) : undefined;
    for (const course of made ?? [])
      this.stop(tenant, course.convoy.id, 'cancelled', parentReason).catch(this.#parts.onError);
    const child = this.#children.get(executionId);
    if (child === undefined) return;
    this.#children.delete(executionId);
    const { course, itemId } = child;
    course.ended?.set(itemId, end);
    this.#since = this.#parts.clock.now();
    this.#endItem(course, itemId, end);
    if (course.graph.isOver) this.#conclude(course);
    else this.#offer(course);
    this.#dispatch();
  }

  /** How many items are in which status, of a convoy that runs here. */
  progress(id: string): Readonly<Record<WorkItemStatus, number>> | null {
    return this.#courses.get(id)?.graph.counts ?? null;
  }

  /** How many of its items may run now, and why. */
  advice({ parallelism, limits }: Convoy): StartAdvice {
    return this.#parts.starts.advise(parallelism, limits);
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
    return { convoys: this.#courses.size, running: this.#running, starts: this.#latencies.distribution() };
  }

  /** Starts nothing more; what runs is the engine's to drain. */
  [Symbol.dispose](): void {
    this.#isServing = false;
    this.#unsubscribe();
    this.#timer?.timer.cancel();
    for (const course of this.#courses.values()) course.deadline?.cancel();
  }

  #adopt(tenant: string, convoy: Convoy, items: readonly ConvoyItem[]): void {
    const { clock } = this.#parts;
    const graph = new ConvoyGraph(items, clock.now());
    // Stopped while it was read.
    if (graph.isOver) return;
    const course: Course = { tenant, convoy, graph, isOffered: false, deadline: null, ended: null };
    this.#courses.set(convoy.id, course);
    this.#noteRunning(course, items);
    if (convoy.parent !== null) {
      const { executionId } = convoy.parent;
      this.#byParent.set(executionId, (this.#byParent.get(executionId) ?? new Set()).add(course));
    }
    if (convoy.deadlineAt !== null)
      course.deadline = clock.setTimer(convoy.deadlineAt - clock.now(), () => this.#expire(course));
  }

  #endItem(course: Course, itemId: string, end: ItemEnd): void {
    const item = course.graph.find(itemId);
    if (item?.status !== 'in_progress') return;
    course.graph.end(item, end, course.convoy.stopOnFirstFailure, this.#parts.clock.now());
    this.#count(course, -1);
  }

  #noteRunning(course: Course, items: readonly ConvoyItem[]): void {
    for (const { id, status, executionId } of items) {
      if (status !== 'in_progress' || executionId === null) continue;
      this.#children.set(executionId, { course, itemId: id });
      this.#count(course, 1);
    }
  }

  #expire(course: Course): void {
    if (!this.#isServing || this.#courses.get(course.convoy.id) !== course) return;
    const { tenant, convoy } = course;
    const reason = `the convoy was out of time after ${convoy.timeoutMs ?? 0} ms`;
    this.stop(tenant, convoy.id, 'failed', reason).catch((error: unknown) => {
      this.#parts.onError(error);
      course.deadline = this.#parts.clock.setTimer(retryPauseMs, () => this.#expire(course));
    });
  }

  /** Forgets a convoy and all that belongs to it. */
  #leave(course: Course): void {
    const { convoy } = course;
    this.#courses.delete(convoy.id);
    course.deadline?.cancel();
    this.#forgetChildren(course);
    if (convoy.parent === null) return;
    const siblings = this.#byParent.get(convoy.parent.executionId);
    siblings?.delete(course);
    if (siblings?.size === 0) this.#byParent.delete(convoy.parent.executionId);
  }

  #forgetChildren(course: Course): void {
    this.#count(course, -course.graph.counts.in_progress);
    for (const [id, child] of this.#children) if (child.course === course) this.#children.delete(id);
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

  #count(course: Course, change: number): void {
    this.#running += change;
    if (isShared(course.convoy)) this.#sharedRunning += change;
  }

  /** Looks at everything again: after a sample, a pause, or a new convoy. */
  #refresh(): void {
    this.#since = this.#parts.clock.now();
    for (const course of this.#courses.values()) this.#offer(course);
    this.#dispatch();
  }

  /** Lets a convoy stand in its queue while it has something to start. */
  #offer(course: Course): void {
    const next = course.graph.next;
    if (course.isOffered || next === undefined || !this.#isServing) return;
    if (!isShared(course.convoy) && course.graph.counts.in_progress >= this.advice(course.convoy).places) return;
    course.isOffered = true;
    const { tenant } = course;
    const queue = isShared(course.convoy) ? this.#shared : this.#own;
    queue.add({ id: next.id, tenant, priority: next.priority, course });
  }

  #dispatch(): void {
    while (this.#isServing) {
      const course = this.#nextShared() ?? this.#nextOwn();
      if (course === undefined) return;
      const item = course.graph.take();
      if (item === undefined) continue;
      this.#count(course, 1);
      this.#parts.starts.started();
      this.#offer(course);
      this.#start(course, item, this.#since).catch(this.#parts.onError);
    }
  }

  #nextShared(): Course | undefined {
    if (this.#shared.size === 0) return undefined;
    const advice = this.#parts.starts.advise('auto');
    if (this.#sharedRunning >= advice.places || this.#isTooEarly(advice)) return undefined;
    return this.#taken(this.#shared);
  }

  #nextOwn(): Course | undefined {
    for (let course = this.#taken(this.#own); course !== undefined; course = this.#taken(this.#own)) {
      const advice = this.advice(course.convoy);
      // Its places may have become fewer since it was offered; the next end or sample offers it again.
      if (course.graph.counts.in_progress < advice.places && !this.#isTooEarly(advice)) return course;
    }
    return undefined;
  }

  #taken(queue: FairQueue<Offer>): Course | undefined {
    for (let offer = queue.take(); offer !== undefined; offer = queue.take()) {
      offer.course.isOffered = false;
      if (this.#courses.get(offer.course.convoy.id) === offer.course) return offer.course;
    }
    return undefined;
  }

  /** While starts are held back, the time of the next one is waited for. */
  #isTooEarly({ nextStartAt }: StartAdvice): boolean {
    const { clock } = this.#parts;
    if (nextStartAt <= clock.now()) return false;
    if (this.#timer === null || nextStartAt < this.#timer.at) this.#lookAgainAt(nextStartAt);
    return true;
  }

  #lookAgainAt(at: number): void {
    this.#timer?.timer.cancel();
    const timer = this.#parts.clock.setTimer(at - this.#parts.clock.now(), () => {
      this.#timer = null;
      this.#refresh();
    });
    this.#timer = { at, timer };
  }

  async #start(course: Course, { id }: GraphItem, since: number): Promise<void> {
    const { store, engine, advancer, bus, clock, ids, faults } = this.#parts;
    const { tenant, convoy } = course;
    const place = engine.reserve();
    const executionId = ids();
    let started: StartedItem;
    try {
      faults.at('submit.before');
      const accepted = place === null ? 'queued' : 'running';
      started = await store.start(tenant, convoy.id, id, { executionId, accepted });
      faults.at('submit.after');
    } catch (error) {
      place?.giveBack();
      this.#putBack(course, id, error);
      return;
    }
    if (started === null) {
      place?.giveBack();
      await this.#rebuild(course);
      return;
    }
    this.#latencies.observe(Math.max(0, clock.now() - since));
    const child = started.kind === 'running' ? executionId : started.executionId;
    this.#noteStarted(course, id, child);
    bus.publish({ kind: 'committed', tenant, executionId: child });
    if (started.kind === 'running' && place !== null) {
      const { claim } = started;
      place.run({ tenant, id: child, priority: claim.execution.priority }, () => advancer.run(claim));
    } else {
      place?.giveBack();
      engine.start({ tenant, id: child, priority: started.kind === 'queued' ? started.priority : 0 });
    }
  }

  #noteStarted(course: Course, itemId: string, child: string): void {
    if (this.#courses.get(course.convoy.id) !== course) return;
    this.#children.set(child, { course, itemId });
    const item = course.graph.find(itemId);
    // Built again from rows that did not have the start yet.
    if (item?.status !== 'ready') return;
    course.graph.started(item);
    this.#count(course, 1);
  }

  #putBack(course: Course, itemId: string, error: unknown): void {
    if (!this.#isServing || this.#courses.get(course.convoy.id) !== course) return;
    this.#parts.onError(error);
    const item = course.graph.find(itemId);
    const { clock } = this.#parts;
    if (item?.status === 'in_progress') {
      course.graph.putBack(item, clock.now());
      this.#count(course, -1);
    }
    if (this.#timer === null) this.#lookAgainAt(clock.now() + retryPauseMs);
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
    if (this.#courses.get(convoy.id) !== course) return;
    this.#forgetChildren(course);
    course.graph = new ConvoyGraph(items, clock.now());
    this.#noteRunning(course, items);
    for (const [itemId, end] of ended) this.#endItem(course, itemId, end);
    if (course.graph.isOver) this.#conclude(course);
    this.#refresh();
  }
}

const parentReason = 'the execution that made it was cancelled';

/** Whether it counts towards the places that all share. */
function isShared({ parallelism, limits }: Convoy): boolean {
  return parallelism === 'auto' && Object.keys(limits).length === 0;
}

function storedItem(now: number): (item: NewConvoyItem) => ConvoyItem {
  return ({ id, key, memberId, priority, dependencies }) => ({
    id,
    key,
    memberId,
    priority,
    dependencies,
    status: dependencies.length === 0 ? 'ready' : 'blocked',
    reason: null,
    executionId: null,
    updatedAt: now,
  });
}

/** Whether an error only says that the state is being closed. */
export function isClosing(error: unknown): boolean {
  return error instanceof SquadraError && error.code === 'SHUTTING_DOWN';
}
