import { useState } from 'react';
import { squadra } from '../data/squadra.ts';
import { Dialog } from '../parts/dialog.tsx';
import { DialogForm } from '../parts/dialog-form.tsx';
import { explained } from './refusal.tsx';

/** Asks whether it is meant, and why. */
export function CancelDialog(props: {
  readonly id: string;
  readonly onClose: () => void;
  readonly onDone: (outcome: string) => void;
}) {
  const [reason, setReason] = useState('');
  const cancel = async () => {
    await squadra.executions.cancel(props.id, reason.trim() === '' ? undefined : reason);
    props.onDone('The execution is cancelled.');
    props.onClose();
  };
  return (
    <Dialog title="Cancel this execution?" onClose={props.onClose} isKept={reason !== ''}>
      <DialogForm act={cancel} action="Cancel the execution" isReady onClose={props.onClose} explain={explained}>
        <p>
          Calls that are under way are cut off, and what it owns is cancelled with it. What was written and paid for
          stays. It cannot be started again; it can be forked.
        </p>
        <label>
          Reason
          <input dir="auto" value={reason} maxLength={10_000} onChange={(event) => setReason(event.target.value)} />
          <span className="field-hint">Kept with the execution. May be left empty.</span>
        </label>
      </DialogForm>
    </Dialog>
  );
}
