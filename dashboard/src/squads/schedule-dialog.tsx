import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { NewSchedule } from '../../../src/client.ts';
import { squadra } from '../data/squadra.ts';
import { Dialog } from '../parts/dialog.tsx';
import { DialogForm } from '../parts/dialog-form.tsx';

const empty = {
  name: '',
  by: 'cron',
  cron: '0 9 * * mon-fri',
  every: '30m',
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  message: '',
  overlap: 'skip',
  missed: 'once',
};
type Draft = typeof empty;
type Change = (field: keyof Draft, text: string) => void;

/** Asks when and what a squad is to begin by itself. */
export function ScheduleDialog(props: {
  readonly squadId: string;
  readonly tell: (outcome: string) => void;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState(empty);
  const change: Change = (field, text) => setDraft((before) => ({ ...before, [field]: text }));
  const make = async () => {
    await squadra.schedules.create(scheduleOf(draft, props.squadId));
    await queries.invalidateQueries({ queryKey: ['schedules'] });
    props.tell('The schedule is made, and ticks from now on.');
    props.onClose();
  };
  return (
    <Dialog title="Add a schedule" onClose={props.onClose} isKept={draft !== empty}>
      <DialogForm act={make} action="Add" isReady={draft.message.trim() !== ''} onClose={props.onClose}>
        <label>
          Request
          <textarea
            dir="auto"
            rows={3}
            required
            value={draft.message}
            placeholder="Summarise what changed since yesterday."
            onChange={(event) => change('message', event.target.value)}
          />
        </label>
        <WhenFields draft={draft} change={change} />
        <RuleFields draft={draft} change={change} />
      </DialogForm>
    </Dialog>
  );
}

function WhenFields({ draft, change }: { readonly draft: Draft; readonly change: Change }) {
  return (
    <div className="budget-fields">
      <label>
        When
        <select value={draft.by} onChange={(event) => change('by', event.target.value)}>
          <option value="cron">at times (cron)</option>
          <option value="every">at intervals</option>
        </select>
      </label>
      {draft.by === 'cron' ? (
        <>
          <label>
            Cron expression
            <input required value={draft.cron} onChange={(event) => change('cron', event.target.value)} />
          </label>
          <label>
            Time zone
            <input required value={draft.timezone} onChange={(event) => change('timezone', event.target.value)} />
          </label>
        </>
      ) : (
        <label>
          Every
          <input required value={draft.every} onChange={(event) => change('every', event.target.value)} />
        </label>
      )}
    </div>
  );
}

function RuleFields({ draft, change }: { readonly draft: Draft; readonly change: Change }) {
  return (
    <div className="budget-fields">
      <label>
        Name
        <input
          dir="auto"
          maxLength={200}
          placeholder="none"
          value={draft.name}
          onChange={(event) => change('name', event.target.value)}
        />
      </label>
      <label>
        While one is open
        <select value={draft.overlap} onChange={(event) => change('overlap', event.target.value)}>
          <option value="skip">skip the tick</option>
          <option value="queue">wait for it</option>
        </select>
      </label>
      <label>
        Missed ticks
        <select value={draft.missed} onChange={(event) => change('missed', event.target.value)}>
          <option value="once">make up for the last</option>
          <option value="all">make up for all</option>
          <option value="skip">leave them out</option>
        </select>
      </label>
    </div>
  );
}

function scheduleOf(draft: Draft, squad: string): NewSchedule {
  const { name, by, cron, every, timezone, message, overlap, missed } = draft;
  return {
    squad,
    message,
    ...(name.trim() === '' ? {} : { name: name.trim() }),
    ...(by === 'cron' ? { cron: cron.trim(), timezone: timezone.trim() } : { every: every.trim() }),
    overlap: overlap === 'queue' ? 'queue' : 'skip',
    missed: missed === 'all' || missed === 'skip' ? missed : 'once',
  };
}
