import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { OutcomeNotice, useOutcome } from '../parts/outcome.tsx';
import { Page } from '../parts/page.tsx';
import { AllBudgets } from './all-budgets.tsx';
import { CostReport } from './cost-report.tsx';
import { groupings } from './cost-groupings.ts';
import type { Grouping } from './cost-groupings.ts';
import { firstDayOf, ranges } from './cost-range.ts';
import type { Range } from './cost-range.ts';
import './costs.css';

/** What was spent, by what one chooses in the address, and what may be spent. */
export function Costs() {
  const [asked, ask] = useSearchParams();
  const outcome = useOutcome();
  // The days of a page that stays open over midnight are those of when it was opened, until a range is chosen.
  const [now, setNow] = useState(() => Date.now());
  const range: Range = named(asked.get('range'), ranges) ?? 'week';
  const by: Grouping = named(asked.get('by'), groupings) ?? 'day';
  const choose = (name: string, value: string) => {
    setNow(Date.now());
    ask(
      (before) => {
        before.set(name, value);
        return before;
      },
      { replace: true },
    );
  };
  return (
    <Page title="Costs">
      <OutcomeNotice of={outcome} />
      <search className="cost-choices">
        <Choice name="Time" options={ranges} chosen={range} choose={(value) => choose('range', value)} />
        <Choice name="By" options={groupings} chosen={by} choose={(value) => choose('by', value)} />
      </search>
      <CostReport by={by} from={firstDayOf(range, now)} now={now} />
      <AllBudgets tell={outcome.tell} />
    </Page>
  );
}

function Choice(props: {
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
  readonly chosen: string;
  readonly choose: (value: string) => void;
}) {
  return (
    <fieldset className="choice">
      <legend>{props.name}</legend>
      {Object.entries(props.options).map(([value, title]) => (
        <label key={value}>
          <input type="radio" name={props.name} checked={value === props.chosen} onChange={() => props.choose(value)} />
          <span>{title}</span>
        </label>
      ))}
    </fieldset>
  );
}

function named<K extends string>(value: string | null, known: Readonly<Record<K, string>>): K | undefined {
  return value !== null && Object.hasOwn(known, value) ? (value as K) : undefined;
}
