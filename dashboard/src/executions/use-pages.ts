import { useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import type { ExecutionQuery, ExecutionSummary, PageDocument } from '../../../src/client.ts';
import { squadra } from '../data/squadra.ts';
import { rowsOf, withNext } from './pages.ts';
import type { ListedRow } from './pages.ts';

const pageSize = 50;

/** What of the list was read so far. */
export interface Listed {
  readonly rows: readonly ListedRow[];
  /** Whether older ones are there to be read. */
  readonly hasMore: boolean;
  readonly error: unknown;
  /** Whether nothing was read yet. */
  readonly isFirst: boolean;
  readonly retry: () => void;
}

interface Chain {
  /** Where the pages begin that are known. */
  readonly cursors: readonly string[];
  readonly kept: readonly (PageDocument<ExecutionSummary> | undefined)[];
}

/**
 * The executions of a filter, page by page: only the pages that are looked at are read, and read again when the pulse says that
 * executions changed. Those above and below stay as they were until somebody looks.
 */
export function usePages(query: ExecutionQuery, looked: { readonly first: number; readonly last: number }): Listed {
  const [{ cursors, kept }, setChain] = useState<Chain>({ cursors: [''], kept: [] });
  const results = useQueries({
    queries: cursors.map((cursor, at) => ({
      queryKey: ['executions', 'list', query, cursor],
      queryFn: () => squadra.executions.list({ ...query, limit: pageSize, ...(cursor === '' ? {} : { cursor }) }),
      enabled: at >= looked.first && at <= looked.last,
      gcTime: Number.POSITIVE_INFINITY,
    })),
  });
  const pages = results.map(({ data }, at) => data ?? kept[at]);
  const following = results.reduce<readonly string[]>(
    (all, { data }, at) => (data === undefined ? all : withNext(all, at, data)),
    cursors,
  );
  // Until a page that begins elsewhere now is read, what stood there is shown.
  if (following !== cursors) setChain({ cursors: following, kept: pages });
  const failed = results.find(({ error }) => error !== null);
  const [newest] = pages;
  return {
    rows: rowsOf(pages),
    hasMore: pages.length > 0 && (pages.at(-1) === undefined || (pages.at(-1)?.nextCursor ?? null) !== null),
    error: failed?.error ?? null,
    isFirst: newest === undefined,
    retry: () => void failed?.refetch(),
  };
}
