import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { useMay } from '../data/may.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { OutcomeNotice, useOutcome } from '../parts/outcome.tsx';
import { Page } from '../parts/page.tsx';
import { ExecutionList } from './execution-list.tsx';
import { Filters, queryOf } from './filters.tsx';
import { SubmitDialog } from './submit-dialog.tsx';
import './executions.css';

/** All executions, newest first, narrowed by what stands in the address; and a way to submit one. */
export function Executions() {
  const [asked, ask] = useSearchParams();
  const [isNew, setIsNew] = useState(false);
  const outcome = useOutcome();
  const mayWrite = useMay('write');
  const query = queryOf(asked);
  const isNarrowed = Object.keys(query).length > 0;
  const submit = mayWrite ? (
    <button type="button" className="button" data-kind="main" onClick={() => setIsNew(true)}>
      New request
    </button>
  ) : undefined;
  const empty = isNarrowed ? (
    <EmptyState
      title="No execution is like that"
      action={
        <button type="button" className="button" onClick={() => ask({})}>
          Show all
        </button>
      }
    >
      None fits everything that is asked for above. Take away one of the conditions.
    </EmptyState>
  ) : (
    <EmptyState title="No executions yet" action={submit}>
      An execution is a request that a squad works on. Submit one, and watch the answer come here. Without a key of a
      provider the offline model answers, at no cost.
    </EmptyState>
  );
  return (
    <Page title="Executions" actions={submit}>
      <OutcomeNotice of={outcome} />
      <Filters />
      <ExecutionList key={JSON.stringify(query)} query={query} empty={empty} />
      <p className="keys muted">
        <kbd>j</kbd> and <kbd>k</kbd> move through the list, <kbd>Enter</kbd> opens.
      </p>
      {isNew && <SubmitDialog squad={query.squad ?? ''} onClose={() => setIsNew(false)} />}
    </Page>
  );
}
