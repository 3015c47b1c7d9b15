import { useVirtualizer } from '@tanstack/react-virtual';
import type { KeyboardEvent } from 'react';
import { useMemo, useRef, useState } from 'react';
import { useNow } from '../data/clock.ts';
import { count, duration, timeOfDay } from '../data/formats.ts';
import { useNarrow } from '../data/narrow.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import type { Followed } from './follow.ts';
import { StepPanel } from './step-panel.tsx';
import { StepTable } from './step-table.tsx';
import { spanOf, ticksOf, timelineRows } from './timeline-rows.ts';
import type { Bar, TimelineRow } from './timeline-rows.ts';
import './timeline.css';

const rowHeightPx = 30;
const mostTicks = 6;
const mostNarrowTicks = 2;

/** What happened when: as bars over time, or as a table. Choosing a line shows all there is about it. */
export function Timeline(props: {
  readonly followed: Followed;
  readonly isRunning: boolean;
  readonly onFork: ((from: string) => void) | null;
}) {
  const { story, version } = props.followed;
  // The story is one object that grows; its version says when.
  // oxlint-disable-next-line exhaustive-deps
  const rows = useMemo(() => timelineRows(story), [story, version]);
  const [isTable, setIsTable] = useState(false);
  const [chosen, choose] = useState<string | null>(null);
  const row = rows.find(({ key }) => key === chosen);
  return (
    <section className="panel timeline" aria-labelledby="timeline-title">
      <header className="panel-head">
        <h2 id="timeline-title">Timeline</h2>
        <fieldset className="switch" aria-label="Show the timeline as">
          <button type="button" aria-pressed={!isTable} onClick={() => setIsTable(false)}>
            Bars
          </button>
          <button type="button" aria-pressed={isTable} onClick={() => setIsTable(true)}>
            Table
          </button>
        </fieldset>
      </header>
      {rows.length === 0 ? (
        <EmptyState title="No step has begun">
          {props.isRunning ? 'The first one appears here as soon as it does.' : 'It ended before it did anything.'}
        </EmptyState>
      ) : isTable ? (
        <StepTable rows={rows} onChoose={choose} />
      ) : (
        <Bars rows={rows} isRunning={props.isRunning} chosen={chosen} onChoose={choose} />
      )}
      {row !== undefined && <StepPanel row={row} onFork={props.onFork} onClose={() => choose(null)} />}
    </section>
  );
}

interface BarsProps {
  readonly rows: readonly TimelineRow[];
  readonly isRunning: boolean;
  readonly chosen: string | null;
  readonly onChoose: (key: string | null) => void;
}

function Bars({ rows, isRunning, chosen, onChoose }: BarsProps) {
  const now = useNow(isRunning);
  const frame = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState(0);
  const span = useMemo(() => spanOf(rows, now), [rows, now]);
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoized by a compiler
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeightPx,
    getItemKey: (place) => rows[place]?.key ?? place,
    overscan: 12,
  });
  const go = (place: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, place));
    setFocused(next);
    virtual.scrollToIndex(next);
    requestAnimationFrame(() =>
      frame.current?.querySelector<HTMLButtonElement>(`[data-index="${next}"] button`)?.focus({ preventScroll: true }),
    );
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const places: Readonly<Record<string, number>> = {
      ArrowDown: focused + 1,
      ArrowUp: focused - 1,
      PageDown: focused + 10,
      PageUp: focused - 10,
      Home: 0,
      End: rows.length - 1,
    };
    const place = places[event.key];
    if (place === undefined) return;
    event.preventDefault();
    go(place);
  };
  return (
    <div className="bars">
      <Axis lengthMs={span.to - span.from} />
      <div ref={frame} className="bars-frame">
        <ul className="bars-list" style={{ blockSize: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ key, index, start }) => {
            const row = rows[index];
            return row === undefined ? null : (
              <li
                key={key}
                data-index={index}
                aria-setsize={rows.length}
                aria-posinset={index + 1}
                style={{ transform: `translateY(${start}px)` }}
              >
                <Line
                  row={row}
                  span={span}
                  isChosen={row.key === chosen}
                  isStop={index === Math.min(focused, rows.length - 1)}
                  onKeyDown={onKeyDown}
                  onChoose={() => {
                    setFocused(index);
                    onChoose(row.key === chosen ? null : row.key);
                  }}
                />
              </li>
            );
          })}
        </ul>
      </div>
      <Legend />
    </div>
  );
}

function Axis({ lengthMs }: { readonly lengthMs: number }) {
  const isNarrow = useNarrow();
  return (
    <div className="axis" aria-hidden="true">
      {ticksOf(lengthMs, isNarrow ? mostNarrowTicks : mostTicks).map((tick) => (
        <span key={tick} style={{ insetInlineStart: `${(tick / lengthMs) * 100}%` }}>
          {duration(tick)}
        </span>
      ))}
    </div>
  );
}

interface LineProps {
  readonly row: TimelineRow;
  readonly span: { readonly from: number; readonly to: number };
  readonly isChosen: boolean;
  readonly isStop: boolean;
  readonly onChoose: () => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

function Line({ row, span, isChosen, isStop, onChoose, onKeyDown }: LineProps) {
  return (
    <button
      type="button"
      className="line"
      tabIndex={isStop ? 0 : -1}
      aria-expanded={isChosen}
      onClick={onChoose}
      onKeyDown={onKeyDown}
    >
      <span className="line-title" data-depth={row.depth} data-kind={row.kind} dir="auto">
        {row.title}
      </span>
      <span className="track">
        <span className="unseen">, {wordsOf(row)}, </span>
        {row.bars.map((bar, place) => (
          <span
            // Tries are only ever added.
            key={place}
            className="bar"
            data-kind={row.kind}
            data-outcome={row.isTakenOver ? 'taken-over' : bar.outcome}
            style={placeOf(bar, span)}
          />
        ))}
      </span>
      <span className="line-time">{timeText(row)}</span>
    </button>
  );
}

function placeOf({ from, to }: Bar, span: LineProps['span']) {
  const length = span.to - span.from;
  const start = Math.min(100, Math.max(0, ((from - span.from) / length) * 100));
  const end = Math.min(100, Math.max(start, (((to ?? span.to) - span.from) / length) * 100));
  return { insetInlineStart: `${start}%`, inlineSize: `${end - start}%` };
}

function timeText(row: TimelineRow): string {
  if (row.isTakenOver) return 'taken over';
  return row.to === null ? statusWord(row) : duration(row.to - row.from);
}

function statusWord({ status, kind }: TimelineRow): string {
  if (status === 'retrying') return 'tried again';
  if (status !== 'waiting') return status;
  return kind === 'sleep' ? 'sleeps' : kind === 'approval' ? 'asks' : 'waits';
}

const kinds: Readonly<Record<TimelineRow['kind'], string>> = {
  ask: 'ask',
  run: 'step',
  sleep: 'sleep',
  wait: 'wait for a signal',
  approval: 'approval',
  model: 'model call',
  tool: 'tool call',
};

/** What the bars of a line say, in words. */
function wordsOf({ title, kind, status, tries, bars, from, isTakenOver }: TimelineRow): string {
  const doubts = bars.filter(({ outcome }) => outcome === 'in-doubt').length;
  return [
    ...(title === kinds[kind] ? [] : [kinds[kind]]),
    isTakenOver ? 'taken over' : status,
    ...(tries > 1 ? [`${count(tries)} tries`] : []),
    ...(doubts > 0 ? [`${count(doubts)} in doubt`] : []),
    `began ${timeOfDay(new Date(from).toISOString())}`,
  ].join(', ');
}

function Legend() {
  return (
    <ul className="legend" aria-label="What the bars mean">
      {(
        [
          ['ask', 'completed', 'Ask of a member'],
          ['model', 'completed', 'Model call'],
          ['tool', 'completed', 'Tool call'],
          ['run', 'completed', 'Step'],
          ['wait', 'waiting', 'Waits'],
          ['run', 'failed', 'Failed try'],
          ['run', 'in-doubt', 'In doubt'],
          ['run', 'pause', 'Pause before the next try'],
        ] as const
      ).map(([kind, outcome, name]) => (
        <li key={name}>
          <span className="bar" data-kind={kind} data-outcome={outcome} />
          {name}
        </li>
      ))}
    </ul>
  );
}
