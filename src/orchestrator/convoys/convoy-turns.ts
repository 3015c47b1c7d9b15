import { FairQueue } from '../../flow/fair-queue.ts';
import type { StartAdvice, Starts } from '../../flow/starts.ts';
import type { Clock, Timer } from '../../kernel/clock.ts';
import type { Convoy } from '../../work/convoy.ts';
import type { Course, Courses } from './course.ts';

/** A convoy that waits for its turn to start an item. */
interface Offer {
  /** Of the item it would start. */
  readonly id: string;
  readonly tenant: string;
  readonly priority: number;
  readonly course: Course;
}

/**
 * Whose turn it is to start an item.
 *
 * Q1  Convoys that say `auto` share the places of the machine, fair over tenants, then by priority, then by age. One that says
 *     a number, or has limits of its own, has its own places.
 * Q2  Each convoy stands in a queue once at most, whatever it has ready: who has many items has no more turns.
 * Q3  Starts that are held back are looked at again when their time comes.
 */
export class ConvoyTurns implements Disposable {
  readonly #courses: Courses;
  readonly #starts: Pick<Starts, 'advise' | 'started'>;
  readonly #clock: Clock;
  /** Called when something that was held back may start. */
  readonly #onTime: () => void;
  readonly #shared = new FairQueue<Offer>();
  readonly #own = new FairQueue<Offer>();
  #sharedRunning = 0;
  #running = 0;
  #timer: { readonly at: number; readonly timer: Timer } | null = null;

  constructor(courses: Courses, starts: Pick<Starts, 'advise' | 'started'>, clock: Clock, onTime: () => void) {
    this.#courses = courses;
    this.#starts = starts;
    this.#clock = clock;
    this.#onTime = onTime;
  }

  /** Items that run. */
  get running(): number {
    return this.#running;
  }

  /** How many items of a convoy may run now, and why. */
  advice({ parallelism, limits }: Convoy): StartAdvice {
    return this.#starts.advise(parallelism, limits);
  }

  /** So many more of its items run. */
  count({ convoy }: Course, change: number): void {
    this.#running += change;
    if (isShared(convoy)) this.#sharedRunning += change;
  }

  /** Lets a convoy stand in its queue while it has something to start. */
  offer(course: Course): void {
    const { graph, convoy, tenant } = course;
    const { next } = graph;
    if (course.isOffered || next === undefined) return;
    if (!isShared(convoy) && graph.counts.in_progress >= this.advice(convoy).places) return;
    course.isOffered = true;
    const queue = isShared(convoy) ? this.#shared : this.#own;
    queue.add({ id: next.id, tenant, priority: next.priority, course });
  }

  /** The convoy that starts an item now; undefined when none may. */
  next(): Course | undefined {
    return this.#nextShared() ?? this.#nextOwn();
  }

  /** An item starts now. */
  started(course: Course): void {
    this.count(course, 1);
    this.#starts.started();
  }

  /** Looks again after a pause, or sooner. */
  pause(ms: number): void {
    if (this.#timer === null) this.#lookAgainAt(this.#clock.now() + ms);
  }

  [Symbol.dispose](): void {
    this.#timer?.timer.cancel();
  }

  #nextShared(): Course | undefined {
    if (this.#shared.size === 0) return undefined;
    const advice = this.#starts.advise('auto');
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
      if (this.#courses.has(offer.course)) return offer.course;
    }
    return undefined;
  }

  #isTooEarly({ nextStartAt }: StartAdvice): boolean {
    if (nextStartAt <= this.#clock.now()) return false;
    if (this.#timer === null || nextStartAt < this.#timer.at) this.#lookAgainAt(nextStartAt);
    return true;
  }

  #lookAgainAt(at: number): void {
    this.#timer?.timer.cancel();
    const timer = this.#clock.setTimer(at - this.#clock.now(), () => {
      this.#timer = null;
      this.#onTime();
    });
    this.#timer = { at, timer };
  }
}

/** Whether it counts towards the places that all share. */
function isShared({ parallelism, limits }: Convoy): boolean {
  return parallelism === 'auto' && Object.keys(limits).length === 0;
}
