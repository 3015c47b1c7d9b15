import { QueryCache, QueryClient } from '@tanstack/react-query';
import { ProblemError } from '../../../src/client.ts';

/** What can change; the first part of every query's key. The pulse names those that did. */
export const topics = [
  'executions',
  'convoys',
  'approvals',
  'squads',
  'budgets',
  'schedules',
  'metrics',
  'costs',
  'system',
  'identity',
] as const;
export type Topic = (typeof topics)[number];

/**
 * What the pages have read. Nothing is read again by the clock, nor because a window comes to the front: what is on the
 * screen is read again when the server says that it changed (pulse.ts).
 */
export function createQueries(): QueryClient {
  const queries = new QueryClient({
    queryCache: new QueryCache({
      // Signed out meanwhile, elsewhere or by time: who one is has to be asked again, and the page for signing in appears.
      onError: (error, query) => {
        if (error instanceof ProblemError && error.status === 401 && query.queryKey[0] !== 'identity')
          void queries.invalidateQueries({ queryKey: ['identity'] });
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: Number.POSITIVE_INFINITY,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        // The client has sent it again already where that could help.
        retry: false,
      },
      mutations: { retry: false },
    },
  });
  return queries;
}
