import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { squadra } from '../data/squadra.ts';
import { Dialog } from '../parts/dialog.tsx';
import { DialogForm } from '../parts/dialog-form.tsx';
import { tellingOutcome } from '../parts/outcome.tsx';
import { explained } from './refusal.tsx';

/** Does it again from a step on, as a new execution, and leads there. */
export function ForkDialog(props: {
  readonly id: string;
  /** Keys of asks and steps to begin with, in their order. */
  readonly places: readonly string[];
  readonly from: string;
  /** Whose members could have another model. */
  readonly squadId: string | null;
  readonly onClose: () => void;
}) {
  const [, navigate] = useLocation();
  const [from, setFrom] = useState(props.from);
  const [member, setMember] = useState('');
  const [provider, setProvider] = useState('');
  const [model, setModel] = useState('');
  const { squadId } = props;
  const { data: squad } = useQuery({
    queryKey: ['squads', 'one', squadId],
    queryFn: () => squadra.squads.get(squadId ?? ''),
    enabled: squadId !== null,
  });
  const members = squad?.members.map(({ name }) => name) ?? [];
  const override = {
    ...(provider.trim() === '' ? {} : { provider: provider.trim() }),
    ...(model.trim() === '' ? {} : { model: model.trim() }),
  };
  const fork = async () => {
    const isSet = member !== '' && Object.keys(override).length > 0;
    const { id } = await squadra.executions.fork(props.id, { from, ...(isSet ? { set: { [member]: override } } : {}) });
    props.onClose();
    navigate(`/executions/${id}`, tellingOutcome('This is the fork. It goes its own way from the step on.'));
  };
  return (
    <Dialog title="Fork from a step" onClose={props.onClose}>
      <DialogForm act={fork} action="Fork" isReady={from !== ''} onClose={props.onClose} explain={explained}>
        <p>
          A new execution takes over what was done before the step, for free, and does the rest anew. This one stays as
          it is.
        </p>
        <label>
          Begin with
          <select value={from} onChange={(event) => setFrom(event.target.value)}>
            {[...new Set([props.from, ...props.places])].map((place) => (
              <option key={place}>{place}</option>
            ))}
          </select>
        </label>
        {members.length > 0 && (
          <label>
            With another model for
            <select value={member} onChange={(event) => setMember(event.target.value)}>
              <option value="">nobody</option>
              {members.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
        {member !== '' && (
          <div className="panels">
            <label>
              Provider
              <input value={provider} placeholder="openai" onChange={(event) => setProvider(event.target.value)} />
            </label>
            <label>
              Model
              <input value={model} placeholder="gpt-5-mini" onChange={(event) => setModel(event.target.value)} />
            </label>
          </div>
        )}
      </DialogForm>
    </Dialog>
  );
}
