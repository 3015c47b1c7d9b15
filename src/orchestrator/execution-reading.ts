import { SquadraError } from '../kernel/errors.ts';
import type { ExecutionReports } from '../work/execution-store.ts';
import type { Journaled } from '../work/journal.ts';
import type { WorkItem } from '../work/work-item.ts';
import type { WorkItemStore } from '../work/work-item-store.ts';
import { contentLength } from './content-length.ts';
import { executionDocument } from './execution-document.ts';

export interface ExecutionReadingParts {
  readonly reports: Pick<ExecutionReports, 'get' | 'records'>;
  readonly workItems: Pick<WorkItemStore, 'list'>;
}

/** What `readExecution` tells. */
export type ExecutionDescription = Awaited<ReturnType<typeof readExecution>>;

/** Read at a time: few, because each may be as large as a result may be. */
const recordsPerPage = 200;
const itemsPerPage = 50;
/** More items are to be had from the list of work items, page by page. */
const maxItems = 1_000;
/** UTF-16 units of outputs, errors and item contents in one document: as much as one result may have by default. */
const maxContent = 4 * 1024 * 1024;

/** What one document may still hold. */
class Room {
  #left = maxContent;

  /** Whether a content has room; then it is taken. */
  takes(length: number): boolean {
    if (length > this.#left) return false;
    this.#left -= length;
    return true;
  }
}

/**
 * An execution with its steps and items, as one answer can carry it. All steps are there; `omitted` lists the keys of steps and
 * the ids of items whose contents are too large together, and says whether there are items beyond the thousand shown.
 * Throws `NOT_FOUND`.
 */
export async function readExecution({ reports, workItems }: ExecutionReadingParts, tenant: string, id: string) {
  // First of all: whoever reads that it has ended finds everything that came before the end.
  const execution = await reports.get(tenant, id);
  if (execution === null)
    throw new SquadraError('NOT_FOUND', `There is no execution ${id}; \`squadra list\` shows those there are.`);
  const [journal, owned] = await Promise.all([readSteps(reports, tenant, id), readItems(workItems, tenant, id)]);
  return {
    ...executionDocument(execution, journal.records, owned.items),
    omitted: { steps: journal.omitted, items: owned.omitted, moreItems: owned.hasMore },
  };
}

async function readSteps(reports: Pick<ExecutionReports, 'records'>, tenant: string, id: string) {
  const room = new Room();
  const records: Journaled[] = [];
  const omitted = new Set<string>();
  for (let after = 0; ;) {
    const page = await reports.records(tenant, id, after, recordsPerPage);
    for (const record of page) {
      if (record.kind !== 'step') continue;
      const { key, output, error, details } = record;
      const length = (output?.length ?? 0) + (details?.length ?? 0) + (error?.message.length ?? 0);
      if (room.takes(length + (error?.stack?.length ?? 0))) {
        records.push(record);
        continue;
      }
      omitted.add(key);
      records.push({ ...record, output: null, details: null, error: error === null ? null : named(error) });
    }
    if (page.length < recordsPerPage) return { records, omitted: [...omitted] };
    after = page.at(-1)?.seq ?? after;
  }
}

/** Enough of a failure to know it by. */
function named({ name, message, code }: { readonly name: string; readonly message: string; readonly code?: string }) {
  return { name, message: message.slice(0, 200), ...(code === undefined ? {} : { code }) };
}

async function readItems(workItems: Pick<WorkItemStore, 'list'>, tenant: string, executionId: string) {
  const room = new Room();
  const items: WorkItem[] = [];
  const omitted: string[] = [];
  for (;;) {
    const last = items.at(-1);
    const place = last === undefined ? {} : { after: last };
    const page = await workItems.list(tenant, { executionId, limit: itemsPerPage, ...place });
    for (const item of page) {
      if (room.takes(contentLength(item.description, item.context, item.metadata, item.artifacts))) {
        items.push(item);
        continue;
      }
      omitted.push(item.id);
      items.push({ ...item, description: null, context: null, metadata: null, artifacts: null });
    }
    const hasMore = page.length === itemsPerPage;
    if (!hasMore || items.length >= maxItems) return { items, omitted, hasMore };
  }
}
