import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ConvoyDocument } from '../../../src/client.ts';
import { squadra } from '../data/squadra.ts';

/** So long after a reading the next one comes at the earliest, for each item: the server writes all of them anew each time. */
const restPerItemMs = 1;

/** A convoy as it goes. One of many items is read again less often than its items move: of 2,000 every two seconds. */
export function useConvoy(id: string): UseQueryResult<ConvoyDocument> {
  const queries = useQueryClient();
  const queryKey = ['convoys', 'one', id];
  return useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const before = queries.getQueryState<ConvoyDocument>(queryKey);
      const items = before?.data?.items.length ?? 0;
      await rest((before?.dataUpdatedAt ?? 0) + items * restPerItemMs - Date.now(), signal);
      return squadra.convoys.get(id);
    },
  });
}

/** Resolves after that time; rejects when the signal aborts before it. */
function rest(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}
