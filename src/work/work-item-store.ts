import type { Json } from '../kernel/json.ts';
import type { WorkItem, WorkItemStatus } from './work-item.ts';

/** Fields that a change sets; what is absent stays. */
export interface WorkItemPatch {
  readonly title?: string;
  readonly description?: string | null;
  readonly status?: WorkItemStatus;
  readonly reason?: string | null;
  readonly priority?: number;
  readonly memberId?: string | null;
  readonly context?: Json;
  readonly metadata?: Json;
  readonly artifacts?: Json;
  readonly labels?: readonly string[];
  readonly dependencies?: readonly string[];
}

export interface WorkItemFilter {
  readonly status?: WorkItemStatus;
  readonly memberId?: string;
  readonly convoyId?: string;
  readonly executionId?: string;
  readonly limit: number;
  /** The last item of the page before, as it was then: what became of it since moves no page. */
  readonly after?: WorkItemPlace;
}

/** Where an item stands in a list. */
export type WorkItemPlace = Pick<WorkItem, 'priority' | 'createdAt' | 'id'>;

export interface WorkItemStatistics {
  readonly total: number;
  readonly byStatus: Readonly<Record<WorkItemStatus, number>>;
  readonly byMember: Readonly<Record<string, number>>;
}

/** Versioned units of work. Lists come by priority (high first), then age. */
export interface WorkItemStore {
  /**
   * Stores it `ready`, or `blocked` while a dependency is not completed (`cancelled` when one failed or was cancelled).
   * Throws `UNKNOWN_DEPENDENCY` or `DEPENDENCY_CYCLE`.
   */
  create(tenant: string, item: WorkItem): Promise<WorkItem>;
  get(tenant: string, id: string): Promise<WorkItem | null>;
  list(tenant: string, filter: WorkItemFilter): Promise<readonly WorkItem[]>;
  /**
   * Compare and set: throws `STALE_VERSION` with `{ expectedVersion, currentVersion }` when `version` is not the stored one,
   * `ILLEGAL_TRANSITION`, `ITEM_OWNED` (an execution owns it and more than metadata or priority would change).
   * Completing an item readies what waited for it; failing or cancelling it cancels what depends on it.
   */
  update(tenant: string, id: string, version: number, patch: WorkItemPatch): Promise<WorkItem>;
  /** Throws `NOT_FOUND`, `STALE_VERSION`, or `ITEM_OWNED`. */
  remove(tenant: string, id: string, version: number | null): Promise<void>;
  statistics(tenant: string): Promise<WorkItemStatistics>;
}
