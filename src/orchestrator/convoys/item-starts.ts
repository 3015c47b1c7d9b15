import type { Clock } from '../../kernel/clock.ts';
import { DurationHistogram } from '../../telemetry/histogram.ts';
import type { DurationDistribution } from '../../telemetry/histogram.ts';
import type { ConvoyTurns } from './convoy-turns.ts';
import type { Course, Courses } from './course.ts';
import type { ItemStarter } from './item-starter.ts';
import type { Occasion } from './occasion.ts';

export interface ItemStartsParts {
  readonly courses: Courses;
  readonly turns: ConvoyTurns;
  readonly starter: ItemStarter;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  /** The store knows more of a convoy than its graph. */
  readonly rebuild: (course: Course) => Promise<void>;
}

/** Upper bounds in milliseconds, close together around what is promised of a start: 10 ms. */
const startBoundsMs = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 30, 50, 100, 250, 500, 1_000];

/** Pause before something is tried again that the store refused. */
export const retryPauseMs = 1_000;

/**
 * The starts that are on their way to the store.
 *
 * S1  A start goes off in the turn in which it becomes possible, also behind what only makes it possible once it is stored. If
 *     that is not stored, the start finds nothing to begin, and the graph is built again from the rows.
 * S2  A start that the store refuses is made again after a pause; nothing of it happened.
 */
export class ItemStarts {
  readonly #parts: ItemStartsParts;
  readonly #latencies = new DurationHistogram(startBoundsMs);
  #isOpen = false;

  constructor(parts: ItemStartsParts) {
    this.#parts = parts;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(): void {
    this.#isOpen = true;
  }

  /** From now on nothing is started. */
  close(): void {
    this.#isOpen = false;
  }

  /** From when an item could start until its start was committed and its child begins. */
  latencies(): DurationDistribution {
    return this.#latencies.distribution();
  }

  /** Starts what may start. */
  dispatch(occasion: Occasion): void {
    const { turns, onError } = this.#parts;
    while (this.#isOpen) {
      const course = turns.next();
      if (course === undefined) return;
      const item = course.graph.take();
      if (item === undefined) continue;
      turns.started(course);
      turns.offer(course);
      this.#start(course, item.id, occasion).catch(onError);
    }
  }

  async #start(course: Course, itemId: string, occasion: Occasion): Promise<void> {
    const { starter, clock, rebuild } = this.#parts;
    course.starting.add(itemId);
    let isStarted: boolean;
    try {
      isStarted = await starter.start(course, itemId, (child) => {
        course.starting.delete(itemId);
        this.#latencies.observe(occasion.since === null ? 0 : Math.max(0, clock.now() - occasion.since));
        this.#noteStarted(course, itemId, child);
      });
    } catch (error) {
      course.starting.delete(itemId);
      this.#putBack(course, itemId, error);
      return;
    }
    if (isStarted) return;
    course.starting.delete(itemId);
    // What it followed may not have been stored, or not before it.
    await occasion.stored.catch(() => {});
    await rebuild(course);
  }

  #noteStarted(course: Course, itemId: string, child: string): void {
    const { courses, turns } = this.#parts;
    if (!courses.has(course)) return;
    courses.addChild(course, itemId, child);
    const item = course.graph.find(itemId);
    // Built again from rows that did not have the start yet.
    if (item?.status !== 'ready') return;
    course.graph.started(item);
    turns.count(course, 1);
  }

  #putBack(course: Course, itemId: string, error: unknown): void {
    const { courses, turns, clock, onError } = this.#parts;
    if (!this.#isOpen || !courses.has(course)) return;
    onError(error);
    const item = course.graph.find(itemId);
    if (item?.status === 'in_progress') {
      course.graph.putBack(item, clock.now());
      turns.count(course, -1);
    }
    turns.pause(retryPauseMs);
  }
}
