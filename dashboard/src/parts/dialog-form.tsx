import { useState } from 'react';
import type { FormEvent, ReactNode } from 'react';
import { ProblemNotice } from './problem-notice.tsx';

/** The form of a dialog: it does one thing, and stays open with what went wrong when that failed. */
export function DialogForm(props: {
  readonly act: () => Promise<void>;
  /** On the button: what it does. */
  readonly action: string;
  readonly isReady: boolean;
  readonly onClose: () => void;
  /** Shows a failure in place of the usual notice; null where it has nothing to say. */
  readonly explain?: (error: unknown) => ReactNode;
  readonly children: ReactNode;
}) {
  const { act, action, isReady, onClose, explain } = props;
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    setError(null);
    act()
      .catch(setError)
      .finally(() => setIsBusy(false));
  };
  return (
    <form onSubmit={submit}>
      {props.children}
      {error !== null && (explain?.(error) ?? <ProblemNotice error={error} />)}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
        <button type="submit" className="button" data-kind="main" disabled={isBusy || !isReady}>
          {isBusy ? 'One moment…' : action}
        </button>
      </div>
    </form>
  );
}
