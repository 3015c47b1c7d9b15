import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useMay } from '../data/may.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { tellingOutcome } from '../parts/outcome.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { runExample } from './example.ts';

/** Stands on the Overview until something has run: one press runs the example and leads to its page. */
export function FirstRun() {
  const [, navigate] = useLocation();
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const mayWrite = useMay('write');
  const run = async () => {
    setIsBusy(true);
    setError(null);
    try {
      navigate(`/executions/${await runExample()}`, tellingOutcome('The example runs.'));
    } catch (reason) {
      setError(reason);
      setIsBusy(false);
    }
  };
  return (
    <EmptyState
      title="Nothing has run yet"
      action={
        <>
          <div className="first-run-actions">
            {mayWrite && (
              <button type="button" className="button" data-kind="main" disabled={isBusy} onClick={() => void run()}>
                {isBusy ? 'Starting…' : 'Run the example'}
              </button>
            )}
            <Link href="/squads" className="button">
              Ask a squad of your own
            </Link>
          </div>
          {error !== null && <ProblemNotice error={error} />}
        </>
      }
    >
      The example takes a page-long feature request through a squad of three: a project manager plans, a developer
      writes, a tester checks. It is offline: the answers come from a script on this machine, so it needs no key, costs
      nothing, and sends nothing anywhere.
    </EmptyState>
  );
}
