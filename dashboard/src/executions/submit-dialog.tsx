import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { squadra } from '../data/squadra.ts';
import { Dialog } from '../parts/dialog.tsx';
import { DialogForm } from '../parts/dialog-form.tsx';
import { tellingOutcome } from '../parts/outcome.tsx';
import { useSquadNames } from '../squads/all-squads.ts';
import { submissionOf } from './submission-draft.ts';

/** Hands a request to a squad, and leads to the page where its answer appears. */
export function SubmitDialog({ squad, onClose }: { readonly squad: string; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const names = useSquadNames();
  const [draft, setDraft] = useState({ squad, message: '', priority: '', usd: '', tokens: '' });
  const set = (change: Partial<typeof draft>) => setDraft({ ...draft, ...change });
  const chosen = draft.squad === '' ? (names.includes('software') ? 'software' : (names[0] ?? '')) : draft.squad;
  const submission = submissionOf({ ...draft, squad: chosen });
  const submit = async () => {
    if (submission === null) return;
    const { id } = await squadra.submit(submission);
    await queries.invalidateQueries({ queryKey: ['executions'] });
    navigate(`/executions/${id}`, tellingOutcome('The request is accepted; the squad begins.'));
  };
  return (
    <Dialog title="New request" onClose={onClose} isKept={draft.message !== ''}>
      <DialogForm act={submit} action="Submit" isReady={submission !== null} onClose={onClose}>
        <label>
          Request
          <textarea
            dir="auto"
            rows={6}
            required
            value={draft.message}
            placeholder="Plan a login page for a small web shop."
            onChange={(event) => set({ message: event.target.value })}
          />
        </label>
        <label>
          Squad
          <select value={chosen} onChange={(event) => set({ squad: event.target.value })}>
            {[...new Set(chosen === '' ? names : [chosen, ...names])].map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <details>
          <summary>Priority and budget</summary>
          <div className="submit-more">
            <label>
              Priority
              <input
                type="number"
                min={-100}
                max={100}
                step={1}
                value={draft.priority}
                placeholder="0"
                onChange={(event) => set({ priority: event.target.value })}
              />
              <span className="field-hint">−100 to 100; the higher, the sooner.</span>
            </label>
            <label>
              Most dollars
              <input
                type="number"
                min={0}
                step="any"
                value={draft.usd}
                placeholder="no limit"
                onChange={(event) => set({ usd: event.target.value })}
              />
            </label>
            <label>
              Most tokens
              <input
                type="number"
                min={1}
                step={1}
                value={draft.tokens}
                placeholder="no limit"
                onChange={(event) => set({ tokens: event.target.value })}
              />
            </label>
          </div>
          <p className="field-hint">Where the budget has no more room, you are asked before it goes on.</p>
        </details>
      </DialogForm>
    </Dialog>
  );
}
