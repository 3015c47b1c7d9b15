import type { Clock } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';
import { isId } from '../kernel/id.ts';
import type { IdSource } from '../kernel/id.ts';
import { decodeJson, encodeJson } from '../kernel/json.ts';
import type { Json } from '../kernel/json.ts';
import { noUsage } from '../work/usage.ts';
import type { WorkItem } from '../work/work-item.ts';
import type {
  WorkItemFilter,
  WorkItemPatch,
  WorkItemPlace,
  WorkItemStatistics,
  WorkItemStore,
} from '../work/work-item-store.ts';
import { contentLength } from './content-length.ts';
import { invalidCursor, readPageBy } from './page.ts';
import type { Page, PageFormat } from './page.ts';

/** What a caller gives for a work item; a record only: nothing runs by creating it. */
export interface WorkItemInput {
  readonly title: string;
  readonly description?: string;
  readonly priority?: number;
  readonly memberId?: string;
  readonly convoyId?: string;
  readonly executionId?: string;
  readonly context?: Json;
  readonly metadata?: Json;
  readonly artifacts?: Json;
  readonly labels?: readonly string[];
  readonly dependencies?: readonly string[];
}

export interface WorkItemsParts {
  readonly workItems: WorkItemStore;
  readonly ids: IdSource;
  readonly clock: Clock;
  readonly maxInputBytes: number;
}

/** More changes of one item than that, all at once, are told that they were too late. */
const maxRounds = 200;

/** `<priority>.<time>.<id>`: where an item stood when it was listed, so that the next page does not depend on what became of it. */
const byPriority: PageFormat<WorkItem, WorkItemPlace> = {
  write: ({ priority, createdAt, id }) => `${priority}.${createdAt}.${id}`,
  read: (cursor) => {
    const [, priority, createdAt, id] = /^(-?\d{1,3})\.(\d{1,16})\.(.{36})$/.exec(cursor) ?? [];
    if (id === undefined || !isId(id)) throw invalidCursor(cursor);
    return { priority: Number(priority), createdAt: Number(createdAt), id };
  },
  lengthOf: ({ description, context, metadata, artifacts }) => contentLength(description, context, metadata, artifacts),
};

/** The work items of one tenant. */
export class WorkItems {
  readonly #parts: WorkItemsParts;
  readonly #tenant: string;

  constructor(parts: WorkItemsParts, tenant: string) {
    this.#parts = parts;
    this.#tenant = tenant;
  }

  /** Stored `ready`, or `blocked` by its dependencies. Throws `UNKNOWN_DEPENDENCY` or `INVALID_INPUT`. */
  create(input: WorkItemInput): Promise<WorkItem> {
    const { ids, clock, workItems } = this.#parts;
    if (input.title.trim() === '') throw new SquadraError('INVALID_INPUT', "A work item needs a 'title'.");
    const now = clock.now();
    return workItems.create(this.#tenant, {
      id: ids(),
      title: input.title,
      description: input.description ?? null,
      status: 'ready',
      reason: null,
      priority: checkPriority(input.priority ?? 0),
      memberId: input.memberId ?? null,
      convoyId: input.convoyId ?? null,
      executionId: input.executionId ?? null,
      stepKey: null,
      context: this.#json(input.context, 'context'),
      metadata: this.#json(input.metadata, 'metadata'),
      artifacts: this.#json(input.artifacts, 'artifacts'),
      labels: input.labels ?? [],
      dependencies: [...new Set(input.dependencies)],
      usage: noUsage,
      version: 1,
      createdAt: now,
      updatedAt: now,
    });
  }

  /** Throws `NOT_FOUND`. */
  async get(id: string): Promise<WorkItem> {
    const item = await this.#parts.workItems.get(this.#tenant, id);
    if (item === null) throw new SquadraError('NOT_FOUND', `There is no work item ${id}.`);
    return item;
  }

  /** By priority (high first), then age. */
  list({
    limit,
    cursor,
    ...filter
  }: Partial<Omit<WorkItemFilter, 'after'>> & { readonly cursor?: string } = {}): Promise<Page<WorkItem>> {
    return readPageBy(byPriority, { cursor, limit }, (size, after) =>
      this.#parts.workItems.list(this.#tenant, { ...filter, limit: size, ...(after === undefined ? {} : { after }) }),
    );
  }

  /**
   * Changes the version that was read; throws `STALE_VERSION` with `{ expectedVersion, currentVersion }` when it is another by now,
   * `ILLEGAL_TRANSITION`, or `ITEM_OWNED`.
   */
  update(id: string, version: number, patch: WorkItemPatch): Promise<WorkItem> {
    if (patch.priority !== undefined) checkPriority(patch.priority);
    for (const field of ['context', 'metadata', 'artifacts'] as const) this.#json(patch[field], field);
    return this.#parts.workItems.update(this.#tenant, id, version, patch);
  }

  /**
   * Changes whichever version is there, as long as `check` accepts it: it sees the item, again when another change came between,
   * and throws to refuse. Throws what `get` and `update` throw.
   */
  amend(id: string, patch: WorkItemPatch, check: (item: WorkItem) => void): Promise<WorkItem> {
    return this.#untilSettled(id, check, (version) => this.update(id, version, patch));
  }

  /** Removes whichever version is there, as long as `check` accepts it. Throws what `get` and `remove` throw. */
  discard(id: string, check: (item: WorkItem) => void): Promise<void> {
    return this.#untilSettled(id, check, (version) => this.remove(id, version));
  }

  /** Throws `NOT_FOUND`, `STALE_VERSION` or `ITEM_OWNED`. Without a version it removes whichever is there. */
  remove(id: string, version?: number): Promise<void> {
    return this.#parts.workItems.remove(this.#tenant, id, version ?? null);
  }

  statistics(): Promise<WorkItemStatistics> {
    return this.#parts.workItems.statistics(this.#tenant);
  }

  async #untilSettled<T>(
    id: string,
    check: (item: WorkItem) => void,
    act: (version: number) => Promise<T>,
  ): Promise<T> {
    for (let round = 1; ; round++) {
      const item = await this.get(id);
      check(item);
      try {
        return await act(item.version);
      } catch (error) {
        // A round that is lost was won by somebody else, so that together they come to an end.
        const isStale = error instanceof SquadraError && error.code === 'STALE_VERSION';
        if (!isStale || round === maxRounds) throw error;
      }
    }
  }

  /** The value as it will come back, checked for its size. */
  #json(value: unknown, field: string): Json {
    const limits = {
      maxBytes: this.#parts.maxInputBytes,
      what: `'${field}' of the work item`,
      refusal: 'PAYLOAD_TOO_LARGE',
    } as const;
    return decodeJson(encodeJson(value, limits));
  }
}

function checkPriority(priority: number): number {
  if (Number.isInteger(priority) && priority >= -100 && priority <= 100) return priority;
  throw new SquadraError('INVALID_INPUT', `'priority' is ${priority}; use a whole number from -100 to 100.`);
}
