import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ProblemError } from '../../../src/client.ts';
import type { NewConvoy } from '../../../src/client.ts';
import { squadra } from '../data/squadra.ts';
import { Dialog } from '../parts/dialog.tsx';
import { DialogForm } from '../parts/dialog-form.tsx';
import { useSquadNames } from '../squads/all-squads.ts';
import { convoyOfDocument, emptyItem, faultsOf, isTyped, itemsOfRows, rowsOfItems } from './convoy-draft.ts';
import type { ConvoyText, DraftItem, Fault } from './convoy-draft.ts';
import { FaultList } from './fault-list.tsx';
import { ItemRows } from './item-rows.tsx';
import './new-convoy-dialog.css';

const example = `- key: plan
  role: project_manager
  message: Plan a login page.
- key: api
  role: backend_developer
  message: Write the API of the plan.
  dependsOn: [plan]`;

/** What was typed. Empty texts say nothing. */
interface Draft {
  readonly mode: 'text' | 'rows';
  readonly text: string;
  readonly rows: readonly DraftItem[];
  readonly squad: string;
  readonly parallelism: string;
  readonly timeout: string;
  readonly stopOnFirstFailure: boolean;
}

const emptyDraft: Draft = {
  mode: 'text',
  text: '',
  rows: [emptyItem, emptyItem],
  squad: '',
  parallelism: '',
  timeout: '',
  stopOnFirstFailure: false,
};

/** Asks for the items of a convoy, as text or in rows, and hands them over; says at which item something is wrong. */
export function NewConvoyDialog(props: { readonly onClose: () => void; readonly onAccepted: (id: string) => void }) {
  const [draft, setDraft] = useState(emptyDraft);
  const [faults, setFaults] = useState<readonly Fault[]>([]);
  const queries = useQueryClient();
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const send = async () => {
    setFaults([]);
    const request = await requestOf(draft);
    const sent = rowsOfItems(request.items);
    // What fits together is checked by the server, which says what is wrong at which item.
    const { id } = await squadra.convoys.create(request as unknown as NewConvoy).catch((error: unknown) => {
      setFaults(faultsIn(error, sent));
      throw error;
    });
    await queries.invalidateQueries({ queryKey: ['convoys'] });
    props.onAccepted(id);
  };
  const choose = (mode: Draft['mode']) => {
    setFaults([]);
    switched(draft, mode).then(setDraft, (error: Error) =>
      setFaults([{ place: null, key: '', field: '', message: error.message }]),
    );
  };
  const isKept = draft.text !== '' || draft.rows.some(isTyped);
  return (
    <Dialog title="Run a convoy" onClose={props.onClose} isKept={isKept} isWide>
      <DialogForm act={send} action="Run it" isReady={isKept} onClose={props.onClose} explain={explain}>
        <Modes mode={draft.mode} choose={choose} />
        {draft.mode === 'text' ? (
          <TextField text={draft.text} onChange={(text) => change({ text })} />
        ) : (
          <ItemRows rows={draft.rows} squad={draft.squad} faults={faults} onChange={(rows) => change({ rows })} />
        )}
        <Options draft={draft} change={change} />
        <FaultList faults={faults} />
      </DialogForm>
    </Dialog>
  );
}

function Modes({ mode, choose }: { readonly mode: Draft['mode']; readonly choose: (mode: Draft['mode']) => void }) {
  return (
    <fieldset className="modes">
      <legend className="unseen">How to give the items</legend>
      {(['text', 'rows'] as const).map((each) => (
        <label key={each}>
          <input type="radio" name="mode" checked={mode === each} onChange={() => choose(each)} />
          {each === 'text' ? 'Paste YAML or JSON' : 'Fill in rows'}
        </label>
      ))}
    </fieldset>
  );
}

function TextField({ text, onChange }: { readonly text: string; readonly onChange: (text: string) => void }) {
  return (
    <label>
      Items
      <textarea
        className="convoy-text"
        dir="auto"
        rows={12}
        spellCheck={false}
        value={text}
        placeholder={example}
        onChange={(event) => onChange(event.target.value)}
      />
      <span className="field-hint">
        A list of items, or a whole file as for <code>squadra convoy run</code>. Each has a key, a role and a message;
        it may name in dependsOn the keys that come first.
      </span>
    </label>
  );
}

function Options({ draft, change }: { readonly draft: Draft; readonly change: (part: Partial<Draft>) => void }) {
  const names = useSquadNames();
  return (
    <div className="convoy-options">
      <label>
        Squad
        <select value={draft.squad} onChange={(event) => change({ squad: event.target.value })}>
          <option value="">{draft.mode === 'text' ? 'As the text says, else software' : 'software'}</option>
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label>
        At most at once
        <input
          type="number"
          min={1}
          max={10_000}
          placeholder="auto"
          value={draft.parallelism}
          onChange={(event) => change({ parallelism: event.target.value })}
        />
      </label>
      <label>
        Time for all
        <input
          placeholder="no limit, or 30m"
          value={draft.timeout}
          onChange={(event) => change({ timeout: event.target.value })}
        />
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={draft.stopOnFirstFailure}
          onChange={(event) => change({ stopOnFirstFailure: event.target.checked })}
        />
        Begin nothing more after a failure
      </label>
    </div>
  );
}

/** What the list of faults does not say already. */
function explain(error: unknown) {
  if (error instanceof ProblemError) return hasFaults(error) ? <></> : null;
  return (
    <div className="problem" role="alert">
      <strong>The text cannot be read</strong>
      <pre>{error instanceof Error ? error.message : String(error)}</pre>
    </div>
  );
}

function hasFaults({ problem }: ProblemError): boolean {
  return problem.errors !== undefined && problem.errors.length > 0;
}

function faultsIn(error: unknown, sent: readonly DraftItem[]): readonly Fault[] {
  return error instanceof ProblemError ? faultsOf(error.problem.errors ?? [], sent) : [];
}

/** What the server gets: what the text says, and over it what was chosen beside it. */
async function requestOf(draft: Draft): Promise<ConvoyText> {
  const { squad, parallelism, timeout, stopOnFirstFailure } = draft;
  const options = {
    ...(squad === '' ? {} : { squad }),
    ...(parallelism === '' ? {} : { parallelism: Number(parallelism) }),
    ...(timeout.trim() === '' ? {} : { timeout: timeout.trim() }),
    ...(stopOnFirstFailure ? { stopOnFirstFailure } : {}),
  };
  if (draft.mode === 'rows') return { ...options, items: itemsOfRows(draft.rows) };
  return { ...(await readText(draft.text)), ...options };
}

/** The same items the other way: text as rows, or rows as text. Throws when the text cannot be read. */
async function switched(draft: Draft, mode: Draft['mode']): Promise<Draft> {
  if (mode === 'text' && draft.rows.some(isTyped))
    return { ...draft, mode, text: JSON.stringify(itemsOfRows(draft.rows), null, 2) };
  if (mode === 'rows' && draft.text.trim() !== '') {
    const { items, squad } = await readText(draft.text);
    return { ...draft, mode, rows: rowsOfItems(items), squad: typeof squad === 'string' ? squad : draft.squad };
  }
  return { ...draft, mode };
}

async function readText(text: string): Promise<ConvoyText> {
  return convoyOfDocument(await parse(text));
}

async function parse(text: string): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch {
    // Only who pastes YAML loads what reads it.
    const yaml = await import('yaml');
    return yaml.parse(text, { prettyErrors: true });
  }
}
