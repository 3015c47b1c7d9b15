import type { ReactNode } from 'react';
import type { BudgetDocument } from '../../../src/client.ts';
import { count, moment, money } from '../data/formats.ts';
import { roomOf } from './budget-amounts.ts';
import type { Room } from './budget-amounts.ts';
import './budgets.css';

const periods = { day: 'per day', month: 'per month', total: 'in total' } as const;

/** One budget: what is used, reserved and left of it, and until when that counts. */
export function BudgetCard(props: {
  readonly budget: BudgetDocument;
  readonly title: ReactNode;
  readonly actions: ReactNode;
}) {
  const { budget, title, actions } = props;
  const { money: dollars, tokens } = roomOf(budget);
  return (
    <li className="budget">
      <h3 dir="auto">
        {title} <span className="muted">{periods[budget.period]}</span>
      </h3>
      {dollars !== null && <Meter room={dollars} format={money} unit="" />}
      {tokens !== null && <Meter room={tokens} format={count} unit=" tokens" />}
      <p className="muted">
        At the ceiling {budget.onExceeded === 'ask' ? 'a person is asked' : 'the step fails'}.
        {budget.periodEnd !== null && ` Counts until ${moment(budget.periodEnd)}.`}
      </p>
      <div className="budget-actions">{actions}</div>
    </li>
  );
}

function Meter({
  room,
  format,
  unit,
}: {
  readonly room: Room;
  readonly format: (value: number) => string;
  readonly unit: string;
}) {
  const { ceiling, raised, spent, reserved, left } = room;
  const isNear = ceiling > 0 && spent / ceiling >= 0.8;
  return (
    <div className="meter">
      <div className="meter-bar" aria-hidden="true">
        <span data-tone={left === 0 ? 'bad' : isNear ? 'attention' : 'good'} style={{ flexGrow: spent }} />
        <span data-tone="active" style={{ flexGrow: reserved }} />
        <span style={{ flexGrow: left }} />
      </div>
      <p>
        <b>{format(spent)}</b> of {format(ceiling)}
        {unit} used
        {reserved > 0 && `, ${format(reserved)} reserved by calls in flight`}, {format(left)} left
        {raised > 0 && <span className="muted"> (raised by {format(raised)} for this period)</span>}
      </p>
    </div>
  );
}
