import { useState } from 'react';
import { count, duration, money, timeOfDay } from '../data/formats.ts';
import { StatusBadge } from '../parts/status-badge.tsx';
import type { TimelineRow } from './timeline-rows.ts';
import { Scrolling } from '../parts/scrolling.tsx';
import './step.css';

/** Tables of more rows make a page slow; more are shown when they are asked for. */
const shownAtOnce = 300;

/** The timeline in words and figures, with what each step used and cost. */
export function StepTable(props: { readonly rows: readonly TimelineRow[]; readonly onChoose: (key: string) => void }) {
  const [most, setMost] = useState(shownAtOnce);
  return (
    <>
      <Scrolling label="Steps">
        <table className="step-table">
          <thead>
            <tr>
              <th scope="col">Step</th>
              <th scope="col">Status</th>
              <th scope="col" className="wide">
                Began
              </th>
              <th scope="col" className="number">
                Took
              </th>
              <th scope="col" className="number wide">
                Tries
              </th>
              <th scope="col" className="number wide">
                Tokens in
              </th>
              <th scope="col" className="number wide">
                Tokens out
              </th>
              <th scope="col" className="number wide">
                Cost
              </th>
            </tr>
          </thead>
          <tbody>
            {props.rows.slice(0, most).map((row) => (
              <StepRow key={`${row.kind} ${row.key}`} row={row} onChoose={() => props.onChoose(row.key)} />
            ))}
          </tbody>
        </table>
      </Scrolling>
      {props.rows.length > most && (
        <button type="button" className="button" onClick={() => setMost(most + shownAtOnce)}>
          Show more ({count(props.rows.length - most)})
        </button>
      )}
    </>
  );
}

function StepRow({ row, onChoose }: { readonly row: TimelineRow; readonly onChoose: () => void }) {
  const { depth, title, status, from, to, tries, isTakenOver, step } = row;
  const usage = step?.usage ?? null;
  return (
    <tr>
      <td data-depth={depth}>
        <button type="button" dir="auto" onClick={onChoose}>
          {title}
        </button>
      </td>
      <td>{isTakenOver ? <span className="muted">taken over</span> : <StatusBadge status={status} />}</td>
      <td className="wide">{timeOfDay(new Date(from).toISOString())}</td>
      <td className="number">{to === null || isTakenOver ? '–' : duration(to - from)}</td>
      <td className="number wide">{step === null ? '' : count(tries)}</td>
      <td className="number wide">{usage === null ? '' : count(usage.inputTokens)}</td>
      <td className="number wide">{usage === null ? '' : count(usage.outputTokens)}</td>
      <td className="number wide">{usage === null ? '' : costText(usage)}</td>
    </tr>
  );
}

/** What is not priced is not free. */
export function costText(usage: { readonly costMicroUsd: number; readonly unpricedCalls: number }): string {
  if (usage.unpricedCalls === 0) return money(usage.costMicroUsd);
  return usage.costMicroUsd === 0 ? 'unpriced' : `${money(usage.costMicroUsd)} + unpriced`;
}
