import type { Fault } from './convoy-draft.ts';

const most = 50;

/** What is wrong with a convoy, item by item, counted as people count. */
export function FaultList(props: { readonly faults: readonly Fault[]; readonly keyAt: (place: number) => string }) {
  const { faults, keyAt } = props;
  if (faults.length === 0) return null;
  return (
    <div className="problem" role="alert">
      <strong>Nothing was begun. Mend this and hand it over again:</strong>
      <ul className="faults">
        {faults.slice(0, most).map(({ place, field, message }) => (
          <li key={`${place}/${field}/${message}`} dir="auto">
            <b>{nameOf(place, field, keyAt)}</b> {message}
          </li>
        ))}
      </ul>
      {faults.length > most && <p>And {faults.length - most} more.</p>}
    </div>
  );
}

function nameOf(place: number | null, field: string, keyAt: (place: number) => string): string {
  if (place === null) return field === '' ? 'The convoy:' : `${field}:`;
  const key = keyAt(place);
  return `Item ${place + 1}${key === '' ? '' : ` (${key})`}${field === '' ? '' : `, ${field}`}:`;
}
