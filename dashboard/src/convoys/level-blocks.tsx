import { memo, useMemo } from 'react';
import type { MouseEvent } from 'react';
import type { ConvoyDocument } from '../../../src/client.ts';
import { count } from '../data/formats.ts';
import { levelsOf } from './graph-layout.ts';

type Item = ConvoyDocument['items'][number];

const order = ['completed', 'failed', 'in_progress', 'ready', 'blocked', 'cancelled'] as const;

/**
 * Many items, level by level: each a small square of the colour of its state. What a level waits for is in those above it; of
 * the chosen item, what it needs and what needs it is marked. The list beside it says the same in words.
 */
export function LevelBlocks(props: {
  readonly items: readonly Item[];
  readonly chosen: string | null;
  readonly choose: (key: string) => void;
}) {
  const { items, chosen, choose } = props;
  const levels = useMemo(() => levelsOf(items), [items]);
  const beside = useMemo(() => neighboursOf(items, chosen), [items, chosen]);
  const press = (event: MouseEvent) => {
    const key = event.target instanceof HTMLElement ? event.target.dataset['key'] : undefined;
    if (key !== undefined) choose(key);
  };
  return (
    // Reached by the keyboard, whose arrows scroll it.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className="levels-frame" aria-label="Levels, told in words by the list of items" tabIndex={0}>
      <ol className="levels">
        {levels.map((level, at) => (
          <li key={at}>
            <h3>
              {at === 0 ? 'First' : `Level ${at + 1}`} <span className="muted">{countsOf(level)}</span>
            </h3>
            {/* For the pointer alone: by keyboard the list beside it does the same. */}
            <div className="cells" aria-hidden="true" onClick={press}>
              {level.map(({ key, status }) => (
                <Cell key={key} name={key} status={status} mark={key === chosen ? 'chosen' : beside.get(key)} />
              ))}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

const Cell = memo(function Cell(props: {
  readonly name: string;
  readonly status: string;
  readonly mark: string | undefined;
}) {
  const { name, status, mark } = props;
  return <i data-key={name} data-item={status} data-mark={mark} title={`${name}: ${status.replaceAll('_', ' ')}`} />;
});

function neighboursOf(items: readonly Item[], chosen: string | null): ReadonlyMap<string, string> {
  const marks = new Map<string, string>();
  if (chosen === null) return marks;
  for (const { key, dependsOn } of items) {
    if (key === chosen) for (const needed of dependsOn) marks.set(needed, 'needed');
    else if (dependsOn.includes(chosen)) marks.set(key, 'needs');
  }
  return marks;
}

function countsOf(level: readonly Item[]): string {
  const counts = new Map<string, number>();
  for (const { status } of level) counts.set(status, (counts.get(status) ?? 0) + 1);
  const said = order.flatMap((status) => {
    const number = counts.get(status);
    return number === undefined ? [] : [`${count(number)} ${status.replaceAll('_', ' ')}`];
  });
  return said.join(', ');
}
