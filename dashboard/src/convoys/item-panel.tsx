import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { ConvoyDocument } from '../../../src/client.ts';
import { count, duration, moment, money } from '../data/formats.ts';
import { squadra } from '../data/squadra.ts';
import { Reading } from '../parts/reading.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { useMemberName } from '../squads/member-names.ts';

type Item = ConvoyDocument['items'][number];

/** So many keys are listed of what comes before or after an item. */
const mostKeys = 20;

/** What one item is about: its message, when it ran, what it waits for, and who waits for it. */
export function ItemPanel(props: {
  readonly item: Item;
  readonly items: readonly Item[];
  readonly squadId: string;
  readonly choose: (key: string) => void;
}) {
  const { item, items, choose } = props;
  const memberName = useMemberName(props.squadId);
  const followers = items.filter(({ dependsOn }) => dependsOn.includes(item.key)).map(({ key }) => key);
  // Its version is in the key, so that it is read again when the item moved, and not when others did.
  const record = useQuery({
    queryKey: ['convoys', 'item', item.id, item.updatedAt],
    queryFn: () => squadra.workItems.get(item.id),
    placeholderData: (before) => (before?.id === item.id ? before : undefined),
  });
  return (
    <div className="item-panel" aria-live="polite">
      <div className="item-head">
        <h3 dir="auto">{item.key}</h3>
        <StatusBadge status={item.status} />
        {item.executionId !== null && <Link href={`/executions/${item.executionId}`}>Open its execution</Link>}
      </div>
      {item.reason !== null && (
        <p className="item-reason" dir="auto">
          {item.reason}
        </p>
      )}
      <p className="muted">
        {memberName(item.memberId) ?? 'A member who left the squad'}
        {item.priority !== 0 && `, priority ${item.priority}`}
        {item.startedAt !== null && `, began ${moment(item.startedAt)}`}
        {item.startedAt !== null &&
          item.endedAt !== null &&
          `, took ${duration(Date.parse(item.endedAt) - Date.parse(item.startedAt))}`}
      </p>
      <Keys name="Waits for" keys={item.dependsOn} choose={choose} />
      <Keys name="Waited for by" keys={followers} choose={choose} />
      <Reading of={record} what="the message" lines={2}>
        {({ description, usage }) => (
          <>
            <p className="item-message-text" dir="auto">
              {description}
            </p>
            {usage.modelCalls > 0 && (
              <p className="muted">
                {count(usage.modelCalls)} model calls, {money(usage.costMicroUsd)}
              </p>
            )}
          </>
        )}
      </Reading>
    </div>
  );
}

function Keys(props: {
  readonly name: string;
  readonly keys: readonly string[];
  readonly choose: (key: string) => void;
}) {
  const { name, keys, choose } = props;
  if (keys.length === 0) return null;
  return (
    <p className="item-keys">
      {name}{' '}
      {keys.slice(0, mostKeys).map((key) => (
        <button key={key} type="button" className="item-name" dir="auto" onClick={() => choose(key)}>
          {key}
        </button>
      ))}
      {keys.length > mostKeys && <span className="muted">and {count(keys.length - mostKeys)} more</span>}
    </p>
  );
}
