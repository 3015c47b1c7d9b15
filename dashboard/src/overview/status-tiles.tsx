import { Link } from 'wouter';
import type { StatsDocument } from '../../../src/client.ts';
import { count } from '../data/formats.ts';

/** In the order of their lives, each with the tone it has everywhere. */
const tiles = [
  ['running', 'Running', 'active'],
  ['queued', 'Queued', 'quiet'],
  ['waiting', 'Waiting', 'attention'],
  ['failed', 'Failed', 'bad'],
] as const;

/** How many executions are in each status now; each leads to them. */
export function StatusTiles({ open }: { readonly open: StatsDocument['open'] }) {
  return (
    <>
      <ul className="tiles">
        {tiles.map(([status, title, tone]) => (
          <li key={status}>
            <Link
              href={`/executions?status=${status}`}
              className="tile"
              data-tone={open[status] === 0 ? 'quiet' : tone}
            >
              <span className="tile-title">{title}</span>
              <span className="tile-value">{count(open[status])}</span>
            </Link>
          </li>
        ))}
      </ul>
      {open.created > 0 && (
        <p className="muted">
          <Link href="/executions?status=created">{count(open.created)} more</Link>{' '}
          {open.created === 1 ? 'waits' : 'wait'} to be started.
        </p>
      )}
    </>
  );
}
