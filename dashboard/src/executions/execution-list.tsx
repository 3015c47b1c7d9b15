import { useWindowVirtualizer } from '@tanstack/react-virtual';
import type { ReactNode } from 'react';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import type { ExecutionQuery } from '../../../src/client.ts';
import { useNarrow } from '../data/narrow.ts';
import { Loading } from '../parts/loading.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { ExecutionRow } from './execution-row.tsx';
import { usePages } from './use-pages.ts';

const rowHeightPx = 46;
const narrowRowHeightPx = 78;
/** Pages beside those looked at that are kept fresh: scrolling finds them read. */
const pagesAhead = 1;

/** The list: as many rows as fit are drawn, whatever the total; j and k or the arrows move, Enter opens. */
export function ExecutionList({ query, empty }: { readonly query: ExecutionQuery; readonly empty: ReactNode }) {
  const [looked, setLooked] = useState({ first: 0, last: 0 });
  const list = usePages(query, looked);
  const frame = useRef<HTMLUListElement>(null);
  const [top, setTop] = useState(0);
  const isNarrow = useNarrow();
  const [, navigate] = useLocation();
  const { rows, hasMore } = list;
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoized by a compiler
  const virtual = useWindowVirtualizer({
    count: rows.length + (hasMore ? 1 : 0),
    estimateSize: () => (isNarrow ? narrowRowHeightPx : rowHeightPx),
    scrollMargin: top,
    overscan: 10,
    getItemKey: (place) => rows[place]?.execution.id ?? 'more',
  });
  useEffect(() => virtual.measure(), [virtual, isNarrow]);
  useLayoutEffect(() => setTop(frame.current?.offsetTop ?? 0), [list.isFirst]);
  const items = virtual.getVirtualItems();
  const pageAt = (place: number | undefined) => rows[Math.min(place ?? 0, rows.length - 1)]?.page ?? 0;
  const [first, last] = [pageAt(items[0]?.index), pageAt(items.at(-1)?.index)];
  const wantsMore = hasMore && (items.at(-1)?.index ?? 0) >= rows.length;
  useEffect(() => {
    const wanted = { first, last: last + (wantsMore ? pagesAhead : 0) };
    setLooked((before) => (before.first === wanted.first && before.last === wanted.last ? before : wanted));
  }, [first, last, wantsMore]);
  const [at, setAt] = useKeys(rows.length, (place) => {
    const row = rows[place];
    if (row !== undefined) navigate(`/executions/${row.execution.id}`);
  });
  useEffect(() => {
    if (at === null) return;
    virtual.scrollToIndex(at);
    requestAnimationFrame(() =>
      frame.current?.querySelector<HTMLAnchorElement>(`[data-index="${at}"] a`)?.focus({ preventScroll: true }),
    );
  }, [at, virtual]);
  if (list.isFirst)
    return list.error === null ? (
      <Loading what="executions" lines={10} />
    ) : (
      <ProblemNotice error={list.error} onRetry={list.retry} />
    );
  if (rows.length === 0) return empty;
  return (
    <div className="executions">
      <div className="execution-columns" aria-hidden="true">
        <span>Status</span>
        <span>Request</span>
        <span>Squad</span>
        <span>Workflow</span>
        <span>Created</span>
        <span className="number">Took</span>
        <span className="number">Cost</span>
      </div>
      <ul ref={frame} aria-label="Executions, newest first" style={{ blockSize: virtual.getTotalSize() }}>
        {items.map(({ key, index, start, size }) => {
          const row = rows[index];
          return (
            <li
              key={key}
              data-index={index}
              style={{ transform: `translateY(${start - top}px)`, blockSize: size }}
              aria-setsize={hasMore ? -1 : rows.length}
              aria-posinset={index + 1}
            >
              {row === undefined ? (
                <span className="execution-more muted">Reading older ones…</span>
              ) : (
                <ExecutionRow execution={row.execution} onFocus={() => setAt(index)} />
              )}
            </li>
          );
        })}
      </ul>
      {list.error !== null && <ProblemNotice error={list.error} onRetry={list.retry} />}
    </div>
  );
}

/** The row that the keyboard is at; null before a key was pressed. Keys that are typed into a field move nothing. */
function useKeys(count: number, open: (place: number) => void) {
  const [at, setAt] = useState<number | null>(null);
  const now = useRef({ at, count, open });
  useEffect(() => void (now.current = { at, count, open }));
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const { target } = event;
      const isTyped =
        target instanceof Element && target.closest('input, select, textarea, dialog, [contenteditable]') !== null;
      if (isTyped || event.ctrlKey || event.metaKey || event.altKey) return;
      const isOnRow = target instanceof Element && target.closest('.executions li') !== null;
      const isArrow = event.key === 'ArrowDown' || event.key === 'ArrowUp';
      if (isArrow && !isOnRow) return;
      const move = moves[event.key];
      const { at: place, count: total } = now.current;
      if (move === undefined || total === 0) return;
      event.preventDefault();
      setAt(Math.max(0, Math.min(total - 1, place === null ? 0 : place + move)));
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
  return [at, setAt] as const;
}

const moves: Readonly<Record<string, number>> = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 };
