import type { Timer } from '../../kernel/clock.ts';
import type { Convoy, ConvoyItem } from '../../work/convoy.ts';
import type { ConvoyGraph } from './convoy-graph.ts';

export type ItemEnd = 'completed' | 'failed' | 'cancelled';

/** A convoy that runs in this process. */
export interface Course {
  readonly tenant: string;
  readonly convoy: Convoy;
  graph: ConvoyGraph;
  /** Whether it stands in a queue for its next start: once at most. */
  isOffered: boolean;
  deadline: Timer | null;
  /** While it is built again: the items that ended meanwhile. */
  ended: Map<string, ItemEnd> | null;
  /** Items that count as completed in the graph, but whose completion is still on its way to the store. */
  readonly completing: Set<string>;
  /** Items that count as running in the graph, but whose start is still on its way to the store. */
  readonly starting: Set<string>;
}

/** Which convoys run here, whose children are whose, and which execution made which. */
export class Courses {
  readonly #courses = new Map<string, Course>();
  /** By execution of the child. */
  readonly #children = new Map<string, { readonly course: Course; readonly itemId: string }>();
  readonly #byParent = new Map<string, Set<Course>>();

  get size(): number {
    return this.#courses.size;
  }

  all(): IterableIterator<Course> {
    return this.#courses.values();
  }

  /** How many items of all of them wait. */
  waiting(): { readonly ready: number; readonly blocked: number } {
    let [ready, blocked] = [0, 0];
    for (const { graph } of this.all()) {
      ready += graph.counts.ready;
      blocked += graph.counts.blocked;
    }
    return { ready, blocked };
  }

  find(convoyId: string): Course | undefined {
    return this.#courses.get(convoyId);
  }

  has(course: Course): boolean {
    return this.#courses.get(course.convoy.id) === course;
  }

  /** Those that an execution made. */
  madeBy(executionId: string): readonly Course[] {
    return [...(this.#byParent.get(executionId) ?? [])];
  }

  add(course: Course): void {
    const { id, parent } = course.convoy;
    this.#courses.set(id, course);
    if (parent === null) return;
    const { executionId } = parent;
    this.#byParent.set(executionId, (this.#byParent.get(executionId) ?? new Set()).add(course));
  }

  /** Forgets a convoy and its children. */
  remove(course: Course): void {
    const { id, parent } = course.convoy;
    this.#courses.delete(id);
    course.deadline?.cancel();
    this.forgetChildren(course);
    if (parent === null) return;
    const siblings = this.#byParent.get(parent.executionId);
    siblings?.delete(course);
    if (siblings?.size === 0) this.#byParent.delete(parent.executionId);
  }

  addChild(course: Course, itemId: string, executionId: string): void {
    this.#children.set(executionId, { course, itemId });
  }

  /** Notes the children of items that run. Returns how many there are. */
  addChildren(course: Course, items: readonly ConvoyItem[]): number {
    const running = items.filter(({ status }) => status === 'in_progress');
    for (const { id, executionId } of running) if (executionId !== null) this.addChild(course, id, executionId);
    return running.length;
  }

  /** Whose child an execution is. */
  child(executionId: string): { readonly course: Course; readonly itemId: string } | undefined {
    return this.#children.get(executionId);
  }

  /** Whose child an execution is; from now on it is nobody's. */
  takeChild(executionId: string): { readonly course: Course; readonly itemId: string } | undefined {
    const child = this.#children.get(executionId);
    this.#children.delete(executionId);
    return child;
  }

  forgetChildren(course: Course): void {
    for (const [id, child] of this.#children) if (child.course === course) this.#children.delete(id);
  }
}
