import { useState } from 'react';
import { squadra } from '../data/squadra.ts';
import { ProblemNotice } from '../parts/problem-notice.tsx';

/** Has done again what failed, and says what came of asking for it. */
export function RetryButton(props: {
  readonly id: string;
  readonly tell: (outcome: string) => void;
  readonly refresh: () => Promise<void>;
}) {
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const retry = async () => {
    await squadra.convoys.retry(props.id);
    await props.refresh();
    props.tell('Failed items are done again, with those that were cancelled because of them.');
  };
  const press = () => {
    setIsBusy(true);
    setError(null);
    retry()
      .catch(setError)
      .finally(() => setIsBusy(false));
  };
  return (
    <>
      <button type="button" className="button" data-kind="main" disabled={isBusy} onClick={press}>
        {isBusy ? 'Asking…' : 'Retry what failed'}
      </button>
      {error !== null && <ProblemNotice error={error} />}
    </>
  );
}
