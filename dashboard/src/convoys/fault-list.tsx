import type { Fault } from './convoy-draft.ts';

const most = 50;

/** What is wrong with a convoy, item by item, counted as people count. */
export function FaultList({ faults }: { readonly faults: readonly Fault[] }) {
  if (faults.length === 0) return null;
  return (
    <div className="problem" role="alert">
      <strong>Nothing was begun. Mend this and hand it over again:</strong>
      <ul className="faults">
        {faults.slice(0, most).map((fault) => (
          <li key={`${fault.place}/${fault.field}/${fault.message}`} dir="auto">
            <b>{nameOf(fault)}</b> {fault.message}
          </li>
        ))}
      </ul>
      {faults.length > most && <p>And {faults.length - most} more.</p>}
    </div>
  );
}

function nameOf({ place, key, field }: Fault): string {
  if (place === null) return field === '' ? 'The convoy:' : `${field}:`;
  return `Item ${place + 1}${key === '' ? '' : ` (${key})`}${field === '' ? '' : `, ${field}`}:`;
}
