import type { Clock } from '../../kernel/clock.ts';
import { workItemStatuses } from '../work-item.ts';
import type { WorkItem, WorkItemStatus } from '../work-item.ts';
import type { WorkItemFilter, WorkItemPatch, WorkItemStatistics, WorkItemStore } from '../work-item-store.ts';
import type { ReaderPool } from './reader-pool.ts';
import { newWorkItemColumns, workItemOf, workItemPatchColumns } from './work-item-row.ts';
import type { Writer } from './writer.ts';

/** The reading half, which a process that does not own the state has too. */
export type WorkItemReports = Pick<WorkItemStore, 'get' | 'list' | 'statistics'>;

export class SqliteWorkItemReports implements WorkItemReports {
  readonly #readers: ReaderPool;

  constructor(readers: ReaderPool) {
    this.#readers = readers;
  }

  async get(tenant: string, id: string): Promise<WorkItem | null> {
    const row = await this.#readers.run('workItem', { tenant, id });
    return row === undefined ? null : workItemOf(row);
  }

  async list(tenant: string, filter: WorkItemFilter): Promise<readonly WorkItem[]> {
    return (await this.#readers.run('workItems', { tenant, filter })).map(workItemOf);
  }

  async statistics(tenant: string): Promise<WorkItemStatistics> {
    // Every status has its count, also those that no item is in.
    const none = workItemStatuses.map((status) => [status, 0] as const);
    const byStatus = Object.fromEntries(none) as Record<WorkItemStatus, number>;
    const byMember: Record<string, number> = {};
    let total = 0;
    for (const [status, memberId, count] of await this.#readers.run('workItemCounts', { tenant })) {
      total += Number(count);
      byStatus[status as WorkItemStatus] += Number(count);
      if (typeof memberId === 'string') byMember[memberId] = (byMember[memberId] ?? 0) + Number(count);
    }
    return { total, byStatus, byMember };
  }
}

/** Work items on one SQLite file. */
export class SqliteWorkItemStore extends SqliteWorkItemReports implements WorkItemStore {
  readonly #writer: Writer;
  readonly #clock: Clock;

  constructor(writer: Writer, readers: ReaderPool, clock: Clock) {
    super(readers);
    this.#writer = writer;
    this.#clock = clock;
  }

  async create(tenant: string, item: WorkItem): Promise<WorkItem> {
    const [status, reason] = await this.#writer.run('createItem', [tenant, newWorkItemColumns(item)]);
    return { ...item, status, reason, version: 1, updatedAt: item.createdAt };
  }

  async update(tenant: string, id: string, version: number, patch: WorkItemPatch): Promise<WorkItem> {
    const change = [tenant, id, version, this.#clock.now(), workItemPatchColumns(patch)] as const;
    return workItemOf(await this.#writer.run('updateItem', change));
  }

  remove(tenant: string, id: string, version: number | null): Promise<void> {
    return this.#writer.run('removeItem', [tenant, id, version, this.#clock.now()]);
  }
}
