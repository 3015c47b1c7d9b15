import { useDeferredValue, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { useSearchParams } from 'wouter';
import type { ConvoyDocument } from '../../../src/client.ts';
import { count } from '../data/formats.ts';
import { useMemberName } from '../squads/member-names.ts';
import { GraphDrawing } from './graph-drawing.tsx';
import { ItemList } from './item-list.tsx';
import { ItemPanel } from './item-panel.tsx';
import { LevelBlocks } from './level-blocks.tsx';

/** More than these are not drawn one by one with lines between them. */
const mostDrawn = { items: 80, edges: 300 } as const;

const statuses = ['ready', 'blocked', 'in_progress', 'completed', 'failed', 'cancelled'] as const;

/** Which item is looked at, and where it was chosen: there it is told about. */
interface Choice {
  readonly key: string | null;
  readonly place: 'graph' | 'list';
}

/** The items of a convoy: what depends on what, with states, and as a list that can be narrowed. `beside` stands beside the list. */
export function ConvoyItems({ convoy, beside }: { readonly convoy: ConvoyDocument; readonly beside: ReactNode }) {
  const [{ key: chosen, place }, setChoice] = useState<Choice>({ key: null, place: 'graph' });
  const { items } = convoy;
  const chooseIn = (where: Choice['place']) => (key: string) => setChoice({ key, place: where });
  const byKey = useMemo(() => new Map(items.map((item) => [item.key, item])), [items]);
  const item = chosen === null ? undefined : byKey.get(chosen);
  const edges = items.reduce((sum, { dependsOn }) => sum + dependsOn.length, 0);
  const isDrawn = items.length <= mostDrawn.items && edges <= mostDrawn.edges;
  const Graph = isDrawn ? GraphDrawing : LevelBlocks;
  const panelIn = (where: Choice['place']) =>
    item === undefined || place !== where ? null : (
      <ItemPanel item={item} items={items} squadId={convoy.squadId} choose={chooseIn(where)} />
    );
  const listed = panelIn('list');
  return (
    <>
      <section className="panel" aria-labelledby="graph">
        <h2 id="graph">What waits for what</h2>
        <Graph items={items} chosen={chosen} choose={chooseIn('graph')} />
        {panelIn('graph') ?? <p className="muted">Choose an item to see what it is about and what it waits for.</p>}
      </section>
      <div className="convoy-items">
        <Listed convoy={convoy} chosen={chosen} choose={chooseIn('list')} />
        <div className="convoy-beside">
          {listed !== null && <div className="panel">{listed}</div>}
          {beside}
        </div>
      </div>
    </>
  );
}

function Listed(props: {
  readonly convoy: ConvoyDocument;
  readonly chosen: string | null;
  readonly choose: (key: string) => void;
}) {
  const { items, squadId } = props.convoy;
  const [asked, ask] = useSearchParams();
  const [words, setWords] = useState('');
  const sought = useDeferredValue(words.trim().toLowerCase());
  const status = statuses.find((each) => each === asked.get('items')) ?? '';
  const memberName = useMemberName(squadId);
  const shown = useMemo(
    () => items.filter((item) => (status === '' || item.status === status) && item.key.toLowerCase().includes(sought)),
    [items, status, sought],
  );
  const narrow = (value: string) => ask(value === '' ? {} : { items: value }, { replace: true });
  return (
    <section className="panel" aria-labelledby="items">
      <h2 id="items">Items</h2>
      <search className="item-filters">
        <input
          type="search"
          aria-label="Keys that contain"
          placeholder="Find a key"
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
        <select aria-label="Status of items" value={status} onChange={(event) => narrow(event.target.value)}>
          <option value="">Every status</option>
          {statuses.map((each) => (
            <option key={each} value={each}>
              {each.replaceAll('_', ' ')}
            </option>
          ))}
        </select>
        <span className="muted">
          {shown.length === items.length ? count(items.length) : `${count(shown.length)} of ${count(items.length)}`}
        </span>
      </search>
      {shown.length === 0 ? (
        <p className="muted">No item is like that.</p>
      ) : (
        <ItemList items={shown} chosen={props.chosen} choose={props.choose} memberName={memberName} />
      )}
    </section>
  );
}
