import type { Clock } from '../../kernel/clock.ts';
import { countedItems, newWorkItemColumns, workItemOf, workItemPatchColumns } from '../rows/work-item-row.ts';
import type { WorkItem } from '../work-item.ts';
import type { WorkItemFilter, WorkItemPatch, WorkItemStatistics, WorkItemStore } from '../work-item-store.ts';
import type { Database } from './database.ts';
import { createItem, removeItem, updateItem } from './operations/work-items.ts';
import { countItems, findItem, listItems } from './queries/work-items.ts';

/** Work items of a fleet. */
export class PostgresWorkItemStore implements WorkItemStore {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async get(tenant: string, id: string): Promise<WorkItem | null> {
    const row = await findItem(this.#database, tenant, id);
    return row === undefined ? null : workItemOf(row);
  }

  async list(tenant: string, filter: WorkItemFilter): Promise<readonly WorkItem[]> {
    return (await listItems(this.#database, tenant, filter)).map(workItemOf);
  }

  async statistics(tenant: string): Promise<WorkItemStatistics> {
    return countedItems(await countItems(this.#database, tenant));
  }

  async create(tenant: string, item: WorkItem): Promise<WorkItem> {
    const columns = newWorkItemColumns(item);
    const state = await this.#database.transaction((statements) => createItem(statements, tenant, columns));
    return { ...item, ...state, version: 1, updatedAt: item.createdAt };
  }

  async update(tenant: string, id: string, version: number, patch: WorkItemPatch): Promise<WorkItem> {
    const place = { tenant, id, at: this.#clock.now() };
    const columns = workItemPatchColumns(patch);
    return workItemOf(
      await this.#database.transaction((statements) => updateItem(statements, place, version, columns)),
    );
  }

  remove(tenant: string, id: string, version: number | null): Promise<void> {
    const place = { tenant, id, at: this.#clock.now() };
    return this.#database.transaction((statements) => removeItem(statements, place, version));
  }
}
