import type { Difference } from './draft.ts';

/** Says that somebody else was faster, what they changed, and lets one choose; nothing typed here is lost by it. */
export function NewerVersion(props: {
  readonly differences: readonly Difference[];
  readonly names: Readonly<Record<string, string>>;
  readonly keep: () => void;
  readonly drop: () => void;
}) {
  return (
    <section className="newer" role="alert">
      <strong>Somebody else changed this while you typed. Nothing of yours is lost, and nothing is saved yet.</strong>
      {props.differences.length === 0 ? (
        <p>What they changed is not among these fields.</p>
      ) : (
        <dl>
          {props.differences.map(({ field, before, theirs, mine }) => (
            <div key={field}>
              <dt>{props.names[field] ?? field}</dt>
              <dd>
                <Text of={before} /> → <Text of={theirs} />
                {mine !== null && (
                  <>
                    {' '}
                    (you typed <Text of={mine} />)
                  </>
                )}
              </dd>
            </div>
          ))}
        </dl>
      )}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={props.drop}>
          Take theirs
        </button>
        <button type="button" className="button" data-kind="main" onClick={props.keep}>
          Put mine on top of theirs
        </button>
      </div>
    </section>
  );
}

function Text({ of: text }: { readonly of: string }) {
  return text === '' ? <i>nothing</i> : <q dir="auto">{text}</q>;
}
