import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { BudgetAddress, BudgetDocument } from '../../../src/client.ts';
import { useMay } from '../data/may.ts';
import { squadra } from '../data/squadra.ts';
import { AskingButton } from '../parts/asking-button.tsx';
import { Reading } from '../parts/reading.tsx';
import { BudgetCard } from './budget-card.tsx';
import { BudgetDialog } from './budget-dialog.tsx';
import type { BudgetTarget } from './budget-dialog.tsx';

const most = 1_000;
const pageSize = 200;

/** All budgets of one kind, or of all. */
async function readBudgets(scope: BudgetAddress['scope']): Promise<readonly BudgetDocument[]> {
  const budgets: BudgetDocument[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null && budgets.length < most) {
    const query = { scope, limit: pageSize, ...(cursor === undefined ? {} : { cursor }) };
    const page: Awaited<ReturnType<typeof squadra.budgets.list>> = await squadra.budgets.list(query);
    budgets.push(...page.items);
    cursor = page.nextCursor;
  }
  return budgets;
}

/** The budgets of a scope, or of one thing in it, as they stand. */
export function useBudgets(scope: BudgetAddress['scope']) {
  return useQuery({ queryKey: ['budgets', scope], queryFn: () => readBudgets(scope) });
}

/** What one squad or the tenant may spend, with what is left, to be set and removed by who may. */
export function BudgetsOf(props: {
  readonly scope: BudgetAddress['scope'];
  readonly id: string;
  readonly tell: (outcome: string) => void;
}) {
  const { scope, id, tell } = props;
  const budgets = useBudgets(scope);
  const target: BudgetTarget = { scope, id, name: scope };
  return (
    <section className="panel" aria-labelledby="budgets">
      <BudgetsHead targets={[target]} tell={tell} />
      <Reading of={budgets} what="budgets" lines={2}>
        {(found) => {
          const own = found.filter((budget) => budget.id === id);
          if (own.length === 0) return <p className="muted">None: only the budgets above it limit what it spends.</p>;
          return (
            <ul className="budgets">
              {own.map((budget) => (
                <BudgetEntry key={budget.period} budget={budget} title="Budget" tell={tell} />
              ))}
            </ul>
          );
        }}
      </Reading>
    </section>
  );
}

/** The heading of budgets, with the button for another where it is allowed. */
export function BudgetsHead(props: {
  readonly targets: readonly BudgetTarget[];
  readonly tell: (outcome: string) => void;
}) {
  const [isNew, setIsNew] = useState(false);
  const may = useMay('admin');
  return (
    <>
      <div className="panel-head">
        <h2 id="budgets">Budgets</h2>
        {may ? (
          <button type="button" className="button" onClick={() => setIsNew(true)}>
            Set a budget
          </button>
        ) : (
          <span className="muted">Setting them needs a key with the scope admin.</span>
        )}
      </div>
      {isNew && (
        <BudgetDialog targets={props.targets} budget={null} tell={props.tell} onClose={() => setIsNew(false)} />
      )}
    </>
  );
}

/** A budget with what may be done to it. */
export function BudgetEntry(props: {
  readonly budget: BudgetDocument;
  readonly title: string;
  readonly tell: (outcome: string) => void;
}) {
  const { budget, title, tell } = props;
  const [isEdited, setIsEdited] = useState(false);
  const queries = useQueryClient();
  const may = useMay('admin');
  const remove = async () => {
    await squadra.budgets.remove(budget);
    await queries.invalidateQueries({ queryKey: ['budgets'] });
    tell('The budget is removed.');
  };
  const actions = may && (
    <>
      <button type="button" className="button" onClick={() => setIsEdited(true)}>
        Change
      </button>
      <AskingButton isFaint action="Remove" question="Remove this budget?" act={remove}>
        <p>
          Nothing limits this spending any more, and what was counted is forgotten. Executions that wait at it go on.
        </p>
      </AskingButton>
    </>
  );
  return (
    <>
      <BudgetCard budget={budget} title={title} actions={actions} />
      {isEdited && (
        <BudgetDialog
          targets={[{ scope: budget.scope, id: budget.id, name: title }]}
          budget={budget}
          tell={tell}
          onClose={() => setIsEdited(false)}
        />
      )}
    </>
  );
}
