import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { ExecutionDocument } from '../../../src/client.ts';
import { count, duration, money } from '../data/formats.ts';
import { squadra } from '../data/squadra.ts';
import { MarkdownText } from '../parts/markdown.tsx';
import { Reading } from '../parts/reading.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { compareSteps, costInAll } from './comparison.ts';
import type { SideStep } from './comparison.ts';
import { outcomeText } from './outcome-text.ts';
import { Scrolling } from '../parts/scrolling.tsx';

/** Tables of more rows make a page slow. */
const mostSteps = 500;

/** Two executions side by side: how they ended, what they took and cost, step by step, and what came out. */
export function ComparisonPanel(props: {
  readonly left: string;
  readonly right: string;
  readonly onClose: () => void;
}) {
  const { left, right, onClose } = props;
  const both = useQuery({
    queryKey: ['execution', left, 'beside', right],
    queryFn: () => Promise.all([squadra.executions.get(left), squadra.executions.get(right)]),
  });
  return (
    <section className="panel" aria-labelledby="comparison-title">
      <header className="panel-head">
        <h2 id="comparison-title">Side by side</h2>
        <div className="page-actions">
          <button type="button" className="button" onClick={() => void both.refetch()}>
            Read again
          </button>
          <button type="button" className="button" onClick={onClose}>
            Close
          </button>
        </div>
      </header>
      <Reading of={both} what="both executions" lines={6}>
        {([one, other]) => <Comparison left={one} right={other} />}
      </Reading>
    </section>
  );
}

interface Sides {
  readonly left: ExecutionDocument;
  readonly right: ExecutionDocument;
}

function Comparison({ left, right }: Sides) {
  const steps = compareSteps(left, right);
  return (
    <>
      <Scrolling label="Comparison">
        <table className="comparison">
          <thead>
            <tr>
              <th scope="col">Step</th>
              <th scope="col" colSpan={2}>
                <Link href={`/executions/${left.id}`}>{left.id.slice(0, 13)}</Link> this one
              </th>
              <th scope="col" colSpan={2}>
                <Link href={`/executions/${right.id}`}>{right.id.slice(0, 13)}</Link> the other
              </th>
            </tr>
          </thead>
          <tbody>
            <Row name="Status" of={({ status }) => <StatusBadge status={status} />} left={left} right={right} />
            <Row name="Took" of={tookText} left={left} right={right} />
            <Row name="Cost" of={({ costMicroUsd }) => money(costMicroUsd)} left={left} right={right} />
            <Row
              name="Cost with what was taken over"
              of={(side) => money(costInAll(side, side === left ? right : left))}
              left={left}
              right={right}
            />
            <Row
              name="Tokens"
              of={({ usage }) => count(usage.inputTokens + usage.outputTokens)}
              left={left}
              right={right}
            />
            <Row name="Model calls" of={({ usage }) => count(usage.modelCalls)} left={left} right={right} />
          </tbody>
          <tbody>
            {steps.slice(0, mostSteps).map((step) => (
              <tr key={step.key}>
                <th scope="row" dir="auto">
                  {step.key}
                </th>
                <Side side={step.left} />
                <Side side={step.right} />
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolling>
      {steps.length > mostSteps && <p className="muted">{count(steps.length - mostSteps)} more steps are left out.</p>}
      <div className="panels">
        {[left, right].map((side) => (
          <div key={side.id} className="came-out">
            <h3>What came out of {side.id.slice(0, 13)}</h3>
            <MarkdownText text={outcomeText(side).slice(0, 20_000).toWellFormed()} />
          </div>
        ))}
      </div>
    </>
  );
}

function Row(props: Sides & { readonly name: string; readonly of: (side: ExecutionDocument) => React.ReactNode }) {
  return (
    <tr>
      <th scope="row">{props.name}</th>
      <td colSpan={2}>{props.of(props.left)}</td>
      <td colSpan={2}>{props.of(props.right)}</td>
    </tr>
  );
}

function Side({ side }: { readonly side: SideStep | null }) {
  if (side === null)
    return (
      <td colSpan={2} className="muted">
        not there
      </td>
    );
  return (
    <>
      <td>{side.isTakenOver ? <span className="muted">taken over</span> : duration(side.durationMs)}</td>
      <td className="number">{side.tokens === 0 ? '' : money(side.costMicroUsd)}</td>
    </>
  );
}

function tookText({ startedAt, endedAt }: ExecutionDocument): string {
  if (startedAt === null || endedAt === null) return 'not over';
  return duration(Date.parse(endedAt) - Date.parse(startedAt));
}
