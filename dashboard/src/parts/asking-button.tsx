import type { ReactNode } from 'react';
import { useState } from 'react';
import { Dialog } from './dialog.tsx';
import { ProblemNotice } from './problem-notice.tsx';

/**
 * A button for what cannot be taken back: it asks first, does it, and stays open with what went wrong when it failed. Who
 * uses it tells the outcome.
 */
export function AskingButton(props: {
  /** On the button, and on the one that does it: what will be done, such as `Delete the squad`. */
  readonly action: string;
  readonly question: string;
  /** What it will mean. */
  readonly children: ReactNode;
  readonly act: () => Promise<void>;
  /** Whether it stands among many like it, and so does not call for attention. */
  readonly isFaint?: boolean;
}) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className="button"
        data-kind={props.isFaint === true ? 'faint' : 'danger'}
        onClick={() => setIsOpen(true)}
      >
        {props.action}
      </button>
      {isOpen && <Question {...props} onClose={() => setIsOpen(false)} />}
    </>
  );
}

function Question(props: {
  readonly action: string;
  readonly question: string;
  readonly children: ReactNode;
  readonly act: () => Promise<void>;
  readonly onClose: () => void;
}) {
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const act = () => {
    setIsBusy(true);
    setError(null);
    props.act().then(props.onClose, (reason: unknown) => {
      setError(reason);
      setIsBusy(false);
    });
  };
  return (
    <Dialog title={props.question} onClose={props.onClose} isKept={isBusy}>
      <div>{props.children}</div>
      {error !== null && <ProblemNotice error={error} />}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={props.onClose}>
          Leave it
        </button>
        <button type="button" className="button" data-kind="danger" disabled={isBusy} onClick={act}>
          {isBusy ? 'Working…' : props.action}
        </button>
      </div>
    </Dialog>
  );
}
