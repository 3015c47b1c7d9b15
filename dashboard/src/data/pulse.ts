import type { QueryClient } from '@tanstack/react-query';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Topic } from './queries.ts';

/** Whether the page hears of changes: `waiting` until the first pulse, `lost` while the server cannot be reached. */
export type Connection = 'waiting' | 'live' | 'lost';

/** One pulse: what changed since the one before. The first after connecting names everything the server knows. */
interface Pulse {
  readonly topics: readonly Topic[];
}

/** Follows the server's pulse and has what changed read again, for as long as the component is shown. */
export function usePulse(): Connection {
  const queries = useQueryClient();
  const [connection, setConnection] = useState<Connection>('waiting');
  useEffect(() => follow(queries, setConnection), [queries]);
  return connection;
}

/** How long to wait before coming again to a server that refused the stream, which `EventSource` takes for final. */
const comeAgainMs = 3_000;

/**
 * Nobody looks at a hidden tab, and a browser has six connections for all tabs of a server: it hangs up, and reads again what
 * it shows when it is looked at.
 */
function follow(queries: QueryClient, tell: (connection: Connection) => void): () => void {
  let source: EventSource | null = null;
  let again: ReturnType<typeof setTimeout> | undefined;
  const close = () => {
    clearTimeout(again);
    source?.close();
    source = null;
  };
  const open = () => {
    close();
    const opened = new EventSource('/api/v1/pulse');
    source = opened;
    opened.addEventListener('pulse', ({ data }: MessageEvent<string>) => {
      const { topics } = JSON.parse(data) as Pulse;
      tell('live');
      void queries.invalidateQueries({ predicate: ({ queryKey }) => topics.some((topic) => topic === queryKey[0]) });
    });
    opened.addEventListener('error', () => {
      tell('lost');
      if (opened.readyState !== EventSource.CLOSED) return;
      void queries.invalidateQueries({ queryKey: ['identity'] });
      again = setTimeout(open, comeAgainMs);
    });
  };
  const onVisibility = () => (document.hidden ? close() : open());
  document.addEventListener('visibilitychange', onVisibility);
  if (!document.hidden) open();
  return () => {
    document.removeEventListener('visibilitychange', onVisibility);
    close();
  };
}
