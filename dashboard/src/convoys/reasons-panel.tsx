import { Link } from 'wouter';
import type { ConvoyDocument } from '../../../src/client.ts';
import { count } from '../data/formats.ts';
import { StatusBadge } from '../parts/status-badge.tsx';
import { groupReasons } from './reasons.ts';

type Item = ConvoyDocument['items'][number];

/** So many reasons are shown at first, and so many items of each. */
const mostReasons = 5;
const mostItems = 12;

/** Why items failed or were cancelled, each reason once; nothing where none did. */
export function ReasonsPanel({ items }: { readonly items: readonly Item[] }) {
  const groups = groupReasons(items);
  if (groups.length === 0) return null;
  const [shown, rest] = [groups.slice(0, mostReasons), groups.slice(mostReasons)];
  return (
    <section className="panel" aria-labelledby="reasons">
      <h2 id="reasons">What went wrong</h2>
      <Groups groups={shown} />
      {rest.length > 0 && (
        <details>
          <summary>{count(rest.length)} more reasons</summary>
          <Groups groups={rest.slice(0, 100)} />
        </details>
      )}
    </section>
  );
}

function Groups({ groups }: { readonly groups: ReturnType<typeof groupReasons<Item>> }) {
  return (
    <ul className="reasons">
      {groups.map(({ status, reason, items }) => (
        <li key={`${status}/${reason}`}>
          <StatusBadge status={status} />
          <div>
            <p dir="auto">{reason}</p>
            <p className="muted reason-items">
              {items.slice(0, mostItems).map((item) => (
                <ItemName key={item.key} item={item} />
              ))}
              {items.length > mostItems && <span>and {count(items.length - mostItems)} more</span>}
            </p>
          </div>
        </li>
      ))}
    </ul>
  );
}

function ItemName({ item: { key, executionId } }: { readonly item: Item }) {
  return executionId === null ? (
    <bdi>{key}</bdi>
  ) : (
    <Link href={`/executions/${executionId}`}>
      <bdi>{key}</bdi>
    </Link>
  );
}
