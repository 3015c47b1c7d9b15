import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { SquadDocument } from '../../../src/client.ts';
import { squadra } from '../data/squadra.ts';
import { Dialog } from '../parts/dialog.tsx';
import { DialogForm } from '../parts/dialog-form.tsx';
import { tellingOutcome } from '../parts/outcome.tsx';

const usual = 'pipeline';

/** Asks the squad for something, and leads to the page where its answer appears. */
export function RequestDialog({ squad, onClose }: { readonly squad: SquadDocument; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const [message, setMessage] = useState('');
  const [workflow, setWorkflow] = useState(usual);
  const { data: workflows = [] } = useQuery({
    queryKey: ['catalogue', 'workflows'],
    queryFn: () => squadra.workflows(),
  });
  const send = async () => {
    const { id } = await squadra.submit({ squad: squad.id, workflow, message });
    await queries.invalidateQueries({ queryKey: ['executions'] });
    navigate(`/executions/${id}`, tellingOutcome('The request is accepted.'));
  };
  return (
    <Dialog title={`Ask ${squad.name}`} onClose={onClose} isKept={message !== ''}>
      <DialogForm act={send} action="Ask" isReady={message.trim() !== ''} onClose={onClose}>
        <label>
          Request
          <textarea
            dir="auto"
            rows={6}
            required
            value={message}
            placeholder="Add a login page with e-mail and password."
            onChange={(event) => setMessage(event.target.value)}
          />
        </label>
        <label>
          Workflow
          <select value={workflow} onChange={(event) => setWorkflow(event.target.value)}>
            {[...new Set([usual, ...workflows.map(({ name }) => name)])].map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
          <span className="field-hint">How the squad goes about it. A workflow of your own has to take a message.</span>
        </label>
      </DialogForm>
    </Dialog>
  );
}
