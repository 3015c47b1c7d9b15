import type { QueryClient } from '@tanstack/react-query';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Topic } from './queries.ts';

/** Whether the page hears of changes: `waiting` until the first pulse, `lost` while the server cannot be reached. */
export type Connection = 'waiting' | 'live' | 'lost';

/** One pulse: what changed since the one before. The first after connecting says nothing: then everything may have. */
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

function follow(queries: QueryClient, tell: (connection: Connection) => void): () => void {
  let source: EventSource | null = null;
  let again: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    source = new EventSource('/api/v1/pulse');
    let isFirst = true;
    source.addEventListener('open', () => {
      isFirst = true;
      tell('live');
    });
    source.addEventListener('pulse', ({ data }: MessageEvent<string>) => {
      const { topics } = JSON.parse(data) as Pulse;
      const isChanged = (topic: unknown) => isFirst || topics.some((changed) => changed === topic);
      void queries.invalidateQueries({ predicate: ({ queryKey }) => isChanged(queryKey[0]) });
      isFirst = false;
    });
    source.addEventListener('error', () => {
      tell('lost');
      if (source?.readyState !== EventSource.CLOSED) return;
      void queries.invalidateQueries({ queryKey: ['identity'] });
      again = setTimeout(open, comeAgainMs);
    });
  };
  open();
  return () => {
    clearTimeout(again);
    source?.close();
  };
}
