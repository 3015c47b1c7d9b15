import type { ExecutionSummary, PageDocument } from '../../../src/client.ts';

type Page = PageDocument<ExecutionSummary>;

/** A row of the list, and the page that it is on. */
export interface ListedRow {
  readonly execution: ExecutionSummary;
  readonly page: number;
}

/**
 * The rows of pages that follow one another. One that moved from a page to the next while the first was read again is shown once:
 * where it is now.
 */
export function rowsOf(pages: readonly (Page | undefined)[]): readonly ListedRow[] {
  const seen = new Set<string>();
  const rows: ListedRow[] = [];
  for (const [page, content] of pages.entries())
    for (const execution of content?.items ?? []) {
      if (seen.has(execution.id)) continue;
      seen.add(execution.id);
      rows.push({ execution, page });
    }
  return rows;
}

/**
 * Where the pages begin, after page `at` was read: it says where the next one does. What was known beyond that is forgotten when
 * it begins elsewhere now, and stays when it does not.
 */
export function withNext(
  cursors: readonly string[],
  at: number,
  { nextCursor }: Pick<Page, 'nextCursor'>,
): readonly string[] {
  if (at >= cursors.length || cursors[at + 1] === (nextCursor ?? undefined)) return cursors;
  const upTo = cursors.slice(0, at + 1);
  return nextCursor === null ? upTo : [...upTo, nextCursor];
}
