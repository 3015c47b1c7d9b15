import { useState } from 'react';
import { useLocation } from 'wouter';
import type { ExecutionDocument } from '../../../src/client.ts';
import { useMay } from '../data/may.ts';
import { squadra } from '../data/squadra.ts';
import { Dialog } from '../parts/dialog.tsx';
import { DialogForm } from '../parts/dialog-form.tsx';
import { CancelDialog } from './cancel-dialog.tsx';
import type { Followed } from './follow.ts';
import { ForkDialog } from './fork-dialog.tsx';
import { originOf } from './comparison.ts';
import { explained } from './refusal.tsx';
import { SignalDialog } from './signal-dialog.tsx';
import { timelineRows } from './timeline-rows.ts';

interface ActionsProps {
  readonly execution: ExecutionDocument;
  readonly status: ExecutionDocument['status'];
  readonly followed: Followed;
  /** The step that a fork is asked to begin with; null while none is. */
  readonly forkFrom: string | null;
  readonly onForkFrom: (from: string | null) => void;
  readonly tell: (outcome: string) => void;
}

/** What can be done to it as it stands. The outcome of each is told on the page. */
export function Actions({ execution, status, followed, forkFrom, onForkFrom, tell }: ActionsProps) {
  const { id } = execution;
  const [open, setOpen] = useState<'cancel' | 'signal' | 'compare' | null>(null);
  const mayWrite = useMay('write');
  const close = () => setOpen(null);
  const isEnded = status === 'completed' || status === 'failed' || status === 'cancelled';
  const places = forkFrom === null ? [] : timelineRows(followed.story).map(({ key }) => key);
  const [first] = followed.story.steps.keys();
  return (
    <>
      {mayWrite && (
        <>
          {status === 'created' && <Doing id={id} what="start" tell={tell} onDone={followed.again} />}
          {status === 'failed' && <Doing id={id} what="retry" tell={tell} onDone={followed.again} />}
          {first !== undefined && (
            <button
              type="button"
              className="button"
              onClick={() => onForkFrom(timelineRows(followed.story)[0]?.key ?? first)}
            >
              Fork
            </button>
          )}
          {!isEnded && (
            <button type="button" className="button" onClick={() => setOpen('signal')}>
              Send a signal
            </button>
          )}
        </>
      )}
      <button type="button" className="button" onClick={() => setOpen('compare')}>
        Compare
      </button>
      {mayWrite && !isEnded && (
        <button type="button" className="button" data-kind="danger" onClick={() => setOpen('cancel')}>
          Cancel
        </button>
      )}
      {open === 'cancel' && <CancelDialog id={id} onClose={close} onDone={tell} />}
      {open === 'signal' && <SignalDialog id={id} suggested={awaited(followed)} onClose={close} onSent={tell} />}
      {open === 'compare' && <CompareDialog execution={execution} onClose={close} />}
      {forkFrom !== null && (
        <ForkDialog
          id={id}
          from={forkFrom}
          places={places}
          squadId={execution.squadId}
          onClose={() => onForkFrom(null)}
        />
      )}
    </>
  );
}

const words = {
  start: { action: 'Start', outcome: 'The execution is started.' },
  retry: { action: 'Retry', outcome: 'It is tried again. What was done is not done twice.' },
} as const;

/** A button for what needs no more said; what was refused is told in a dialog. */
function Doing(props: {
  readonly id: string;
  readonly what: keyof typeof words;
  readonly tell: (outcome: string) => void;
  readonly onDone: () => void;
}) {
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const { action, outcome } = words[props.what];
  const act = () => {
    setIsBusy(true);
    squadra.executions[props.what](props.id)
      .then(() => {
        props.tell(outcome);
        props.onDone();
      }, setError)
      .finally(() => setIsBusy(false));
  };
  return (
    <>
      <button type="button" className="button" data-kind="main" disabled={isBusy} onClick={act}>
        {isBusy ? 'One moment…' : action}
      </button>
      {error !== null && (
        <Dialog title={`${action}: refused`} onClose={() => setError(null)}>
          {explained(error)}
        </Dialog>
      )}
    </>
  );
}

/** The signal that it waits for now; empty where it waits for none. */
function awaited({ story }: Followed): string {
  for (const { type, status, waitsFor } of story.steps.values()) {
    if (type !== 'wait' || status !== 'waiting' || typeof waitsFor !== 'object' || waitsFor === null) continue;
    for (const name of ['signal', 'name']) {
      const found: unknown = Reflect.get(waitsFor, name);
      if (typeof found === 'string') return found;
    }
  }
  return '';
}

const idShape = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;

/** Asks which execution to put beside it: one by its id or address, or the one that it is a fork of. */
function CompareDialog({
  execution,
  onClose,
}: {
  readonly execution: ExecutionDocument;
  readonly onClose: () => void;
}) {
  const [, navigate] = useLocation();
  const [text, setText] = useState(originOf(execution)?.id ?? '');
  const other = idShape.exec(text)?.[0];
  const compare = async () => {
    onClose();
    navigate(`/executions/${execution.id}?compare=${other ?? ''}`);
  };
  return (
    <Dialog title="Put another execution beside it" onClose={onClose}>
      <DialogForm act={compare} action="Compare" isReady={other !== undefined} onClose={onClose}>
        <label>
          The other execution
          <input value={text} placeholder="Its id or its address" onChange={(event) => setText(event.target.value)} />
          <span className="field-hint">Most telling for a fork and what it was forked from.</span>
        </label>
      </DialogForm>
    </Dialog>
  );
}
