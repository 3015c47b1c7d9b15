import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { BudgetAddress, BudgetDocument } from '../../../src/client.ts';
import { squadra } from '../data/squadra.ts';
import { Dialog } from '../parts/dialog.tsx';
import { DialogForm } from '../parts/dialog-form.tsx';
import { draftOfBudget, emptyBudget, limitsOf } from './budget-amounts.ts';
import type { BudgetDraft } from './budget-amounts.ts';
import './budgets.css';

/** Whose budget may be chosen in the dialog. An id that is null has to be typed. */
export interface BudgetTarget {
  readonly scope: BudgetAddress['scope'];
  readonly id: string | null;
  readonly name: string;
}

/** Sets a budget: one that is there to other limits, or a new one of one of the targets. */
export function BudgetDialog(props: {
  readonly targets: readonly BudgetTarget[];
  readonly budget: BudgetDocument | null;
  readonly tell: (outcome: string) => void;
  readonly onClose: () => void;
}) {
  const { targets, budget, tell, onClose } = props;
  const queries = useQueryClient();
  const [chosen, choose] = useState<Whose>({ at: 0, typedId: '', period: 'month' });
  const [draft, setDraft] = useState(budget === null ? emptyBudget : draftOfBudget(budget));
  const target = targets[chosen.at];
  const id = target?.id ?? chosen.typedId.trim();
  const limits = limitsOf(draft);
  const store = async () => {
    if (limits === null || target === undefined) return;
    await squadra.budgets.set(budget ?? { scope: target.scope, id, period: chosen.period }, limits);
    await queries.invalidateQueries({ queryKey: ['budgets'] });
    tell('The budget is set. What was spent in its present period counts.');
    onClose();
  };
  return (
    <Dialog title={budget === null ? 'Set a budget' : 'Change the budget'} onClose={onClose} isKept>
      <DialogForm act={store} action="Set it" isReady={limits !== null && id !== ''} onClose={onClose}>
        {budget === null && (
          <WhoseFields
            targets={targets}
            chosen={chosen}
            choose={(part) => choose((before) => ({ ...before, ...part }))}
          />
        )}
        <LimitFields draft={draft} change={(part) => setDraft((before) => ({ ...before, ...part }))} />
      </DialogForm>
    </Dialog>
  );
}

interface Whose {
  readonly at: number;
  readonly typedId: string;
  readonly period: 'day' | 'month';
}

function WhoseFields(props: {
  readonly targets: readonly BudgetTarget[];
  readonly chosen: Whose;
  readonly choose: (part: Partial<Whose>) => void;
}) {
  const { targets, chosen, choose } = props;
  return (
    <div className="budget-fields">
      {targets.length > 1 && (
        <label>
          Of
          <select value={chosen.at} onChange={(event) => choose({ at: Number(event.target.value) })}>
            {targets.map(({ scope, name }, place) => (
              <option key={`${scope}/${place}`} value={place}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      {targets[chosen.at]?.id === null && (
        <label>
          Id of the user
          <input
            required
            dir="auto"
            maxLength={255}
            value={chosen.typedId}
            onChange={(event) => choose({ typedId: event.target.value })}
          />
        </label>
      )}
      <label>
        For each
        <select
          value={chosen.period}
          onChange={(event) => choose({ period: event.target.value === 'day' ? 'day' : 'month' })}
        >
          <option value="month">month</option>
          <option value="day">day</option>
        </select>
      </label>
    </div>
  );
}

function LimitFields(props: { readonly draft: BudgetDraft; readonly change: (part: Partial<BudgetDraft>) => void }) {
  const { draft, change } = props;
  return (
    <>
      <div className="budget-fields">
        <label>
          US dollars
          <input
            type="number"
            min={0}
            step="any"
            placeholder="no limit"
            value={draft.usd}
            onChange={(event) => change({ usd: event.target.value })}
          />
        </label>
        <label>
          Tokens
          <input
            type="number"
            min={0}
            step={1}
            placeholder="no limit"
            value={draft.tokens}
            onChange={(event) => change({ tokens: event.target.value })}
          />
        </label>
        <label>
          At the ceiling
          <select
            value={draft.onExceeded}
            onChange={(event) => change({ onExceeded: event.target.value === 'ask' ? 'ask' : 'fail' })}
          >
            <option value="fail">the step fails</option>
            <option value="ask">a person is asked</option>
          </select>
        </label>
      </div>
      <p className="field-hint">
        Days and months are those of UTC. A call reserves what it may cost at most before it leaves, so a budget has to
        be larger than one call can cost.
      </p>
    </>
  );
}
