import { useState } from 'react';
import { squadra } from '../data/squadra.ts';
import { Dialog } from '../parts/dialog.tsx';
import { DialogForm } from '../parts/dialog-form.tsx';
import { explained } from './refusal.tsx';

/** Sends a signal: a name, and any JSON with it. */
export function SignalDialog(props: {
  readonly id: string;
  /** What it waits for now, where it does. */
  readonly suggested: string;
  readonly onClose: () => void;
  readonly onSent: (outcome: string) => void;
}) {
  const [name, setName] = useState(props.suggested);
  const [text, setText] = useState('');
  const payload = parsed(text);
  const send = async () => {
    await squadra.executions.signal(props.id, name, payload?.value);
    props.onSent(`The signal ${name} was sent.`);
    props.onClose();
  };
  return (
    <Dialog title="Send a signal" onClose={props.onClose} isKept={text !== ''}>
      <DialogForm
        act={send}
        action="Send"
        isReady={name !== '' && payload !== null}
        onClose={props.onClose}
        explain={explained}
      >
        <label>
          Name
          <input dir="auto" required value={name} onChange={(event) => setName(event.target.value)} />
          <span className="field-hint">The workflow waits for it by this name; it may also come before it does.</span>
        </label>
        <label>
          Payload
          <textarea
            dir="auto"
            rows={5}
            spellCheck={false}
            value={text}
            aria-invalid={payload === null}
            placeholder={'{ "approved": true }'}
            onChange={(event) => setText(event.target.value)}
          />
          <span className="field-hint">
            {payload === null ? 'That is not JSON yet. Put text in double quotes.' : 'Any JSON, or nothing.'}
          </span>
        </label>
      </DialogForm>
    </Dialog>
  );
}

/** Null for what is no JSON; nothing is a value too. */
function parsed(text: string): { readonly value: unknown } | null {
  if (text.trim() === '') return { value: undefined };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}
