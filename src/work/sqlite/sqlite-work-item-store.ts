import type { Clock } from '../../kernel/clock.ts';
import type { WorkItem } from '../work-item.ts';
import type { WorkItemFilter, WorkItemPatch, WorkItemStatistics, WorkItemStore } from '../work-item-store.ts';
import type { ReaderPool } from './reader-pool.ts';
import { countedItems, newWorkItemColumns, workItemOf, workItemPatchColumns } from '../rows/work-item-row.ts';
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
    return countedItems(await this.#readers.run('workItemCounts', { tenant }));
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
