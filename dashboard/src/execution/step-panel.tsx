import { count, duration, moment, timeOfDay } from '../data/formats.ts';
import { StatusBadge } from '../parts/status-badge.tsx';
import { FailureNotice } from './failure-notice.tsx';
import type { StepStory, Try } from './step-story.ts';
import { costText } from './step-table.tsx';
import type { TimelineRow } from './timeline-rows.ts';
import { RawText } from '../parts/raw-text.tsx';
import './step.css';

/** All there is about a line of the timeline. */
export function StepPanel(props: {
  readonly row: TimelineRow;
  readonly onFork: ((from: string) => void) | null;
  readonly onClose: () => void;
}) {
  const { row, onFork, onClose } = props;
  const { step } = row;
  return (
    <section className="step-panel" aria-label={`About ${row.title}`}>
      <header className="panel-head">
        <h3 dir="auto">{row.key}</h3>
        <StatusBadge status={row.status} />
      </header>
      <dl className="facts">
        <Fact name="Began">{moment(new Date(row.from).toISOString())}</Fact>
        <Fact name="Took">{row.to === null ? 'not over' : duration(row.to - row.from)}</Fact>
        {step !== null && <StepFacts step={step} />}
      </dl>
      {step !== null && <StepContent step={step} />}
      <div className="page-actions">
        {onFork !== null && (
          <button type="button" className="button" onClick={() => onFork(row.key)}>
            Fork from here
          </button>
        )}
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
      </div>
    </section>
  );
}

function StepFacts({ step: { usage, tries, dueAt, forkedFrom, status } }: { readonly step: StepStory }) {
  return (
    <>
      <Fact name="Tries">{count(tries.length)}</Fact>
      {usage !== null && (
        <>
          <Fact name="Tokens in">{count(usage.inputTokens)}</Fact>
          <Fact name="Tokens out">{count(usage.outputTokens)}</Fact>
          <Fact name="Cost">{costText(usage)}</Fact>
        </>
      )}
      {dueAt !== null && (status === 'waiting' || status === 'retrying') && (
        <Fact name={status === 'waiting' ? 'Waits until' : 'Tried again'}>{moment(new Date(dueAt).toISOString())}</Fact>
      )}
      {forkedFrom !== null && <Fact name="Taken over from">{forkedFrom}</Fact>}
    </>
  );
}

function StepContent({ step }: { readonly step: StepStory }) {
  const { tries, error, waitsFor, output, calls, warnings } = step;
  const before = tries.filter((one) => one.error !== null && one.error !== error);
  return (
    <>
      {warnings.map((warning) => (
        <p key={warning} className="banner" dir="auto">
          {warning}
        </p>
      ))}
      {error !== null && <FailureNotice failure={error} title="It failed" />}
      {before.length > 0 && (
        <ol className="tries">
          {before.map((one, place) => (
            <li key={place}>
              <FailedTry one={one} />
            </li>
          ))}
        </ol>
      )}
      {waitsFor !== null && step.status === 'waiting' && <Raw title="Waits for" value={waitsFor} />}
      {calls.length > 0 && <Raw title="Asked for" value={calls} />}
      {output !== null && <Raw title="Result" value={output} />}
    </>
  );
}

function FailedTry({ one: { number, endedAt, outcome, error } }: { readonly one: Try }) {
  if (error === null) return null;
  const when = endedAt === null ? '' : ` at ${timeOfDay(new Date(endedAt).toISOString())}`;
  return (
    <FailureNotice
      failure={error}
      title={`Try ${number} ${outcome === 'in-doubt' ? 'was cut off' : 'failed'}${when}`}
    />
  );
}

/** Longer ones help nobody on a page; the API has all of it. */
const mostCharacters = 40_000;

/** Any JSON, folded. */
function Raw({ title, value }: { readonly title: string; readonly value: unknown }) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return (
    <details>
      <summary>{title}</summary>
      <RawText>{text.slice(0, mostCharacters).toWellFormed() + (text.length > mostCharacters ? '…' : '')}</RawText>
    </details>
  );
}

/** A name and what stands for it, in a list of facts. */
export function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd dir="auto">{children}</dd>
    </div>
  );
}
