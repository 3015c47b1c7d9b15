import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import { Link } from 'wouter';
import type { ConvoyDocument } from '../../../src/client.ts';
import { duration } from '../data/formats.ts';
import { StatusBadge } from '../parts/status-badge.tsx';

type Item = ConvoyDocument['items'][number];

const rowPx = 58;

/** Items one below the other, however many: only those in sight are there. */
export function ItemList(props: {
  readonly items: readonly Item[];
  readonly chosen: string | null;
  readonly choose: (key: string) => void;
  readonly memberName: (memberId: string) => string | null;
}) {
  const { items, chosen, choose, memberName } = props;
  const frame = useRef<HTMLElement>(null);
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoized by a compiler
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowPx,
    overscan: 8,
  });
  return (
    // Scrolled by keyboard, it has to take the focus.
    <section
      ref={frame}
      className="item-list"
      style={{ maxHeight: rows.getTotalSize() }}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      aria-label="Items of the convoy"
    >
      <ul style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const item = items[index];
          if (item === undefined) return null;
          return (
            <li
              key={item.key}
              aria-setsize={items.length}
              aria-posinset={index + 1}
              data-chosen={item.key === chosen}
              style={{ height: rowPx, transform: `translateY(${start}px)` }}
            >
              <button type="button" className="item-name" dir="auto" title={item.key} onClick={() => choose(item.key)}>
                {item.key}
              </button>
              <StatusBadge status={item.status} />
              <span className="muted item-about">{aboutOf(item, memberName(item.memberId))}</span>
              {item.executionId !== null && (
                <Link href={`/executions/${item.executionId}`}>
                  Open<span className="unseen"> the execution of {item.key}</span>
                </Link>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function aboutOf({ startedAt, endedAt, dependsOn }: Item, member: string | null): string {
  const took =
    startedAt === null || endedAt === null ? '' : `, ${duration(Date.parse(endedAt) - Date.parse(startedAt))}`;
  const needs = dependsOn.length === 0 ? '' : `, after ${dependsOn.length === 1 ? dependsOn[0] : dependsOn.length}`;
  return `${member ?? 'a member who left'}${took}${needs}`;
}
