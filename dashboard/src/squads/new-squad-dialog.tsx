import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { SquadDocument } from '../../../src/client.ts';
import { squadra } from '../data/squadra.ts';
import { Dialog } from '../parts/dialog.tsx';
import { DialogForm } from '../parts/dialog-form.tsx';
import { useRoles, useTemplates } from './all-squads.ts';

/** Asks for a name and who is in it: those of a template, others, or both. */
export function NewSquadDialog(props: {
  readonly onClose: () => void;
  readonly onMade: (squad: SquadDocument) => void;
}) {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [template, setTemplate] = useState<string | null>(null);
  const [roles, setRoles] = useState<readonly string[]>([]);
  const { data: templates = [] } = useTemplates();
  // The first template is chosen until somebody chooses: most squads begin as one.
  const chosen = template ?? templates[0]?.name ?? '';
  const make = async () => {
    const squad = await squadra.squads.create({
      name: name.trim(),
      ...(description.trim() === '' ? {} : { description: description.trim() }),
      ...(chosen === '' ? {} : { template: chosen }),
      ...(roles.length === 0 ? {} : { members: roles.map((role) => ({ role })) }),
    });
    await queries.invalidateQueries({ queryKey: ['squads'] });
    props.onMade(squad);
  };
  const isComplete = name.trim() !== '' && (chosen !== '' || roles.length > 0);
  return (
    <Dialog title="Make a squad" onClose={props.onClose} isKept={name !== '' || description !== ''}>
      <DialogForm act={make} action="Make it" isReady={isComplete} onClose={props.onClose}>
        <label>
          Name
          <input dir="auto" required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
        </label>
        <label>
          Description
          <textarea
            dir="auto"
            rows={2}
            maxLength={2_000}
            value={description}
            onChange={(event) => setDescription(event.target.value)}
          />
        </label>
        <TemplateField chosen={chosen} choose={setTemplate} />
        <FurtherMembers roles={roles} change={setRoles} isFirst={chosen === ''} />
      </DialogForm>
    </Dialog>
  );
}

function TemplateField({ chosen, choose }: { readonly chosen: string; readonly choose: (name: string) => void }) {
  const { data: templates = [] } = useTemplates();
  const template = templates.find(({ name }) => name === chosen);
  return (
    <label>
      Begin with
      <select value={chosen} onChange={(event) => choose(event.target.value)}>
        {templates.map(({ name }) => (
          <option key={name} value={name}>
            the template {name}
          </option>
        ))}
        <option value="">nobody</option>
      </select>
      {template !== undefined && (
        <span className="field-hint">
          {template.description} {template.members.map(({ role }) => role.replaceAll('_', ' ')).join(', ')}.
        </span>
      )}
    </label>
  );
}

function FurtherMembers(props: {
  readonly roles: readonly string[];
  readonly change: (roles: readonly string[]) => void;
  readonly isFirst: boolean;
}) {
  const { roles, change, isFirst } = props;
  const { data: known = [] } = useRoles();
  const titleOf = (name: string) => known.find((role) => role.name === name)?.title ?? name;
  return (
    <div className="field">
      <label>
        {isFirst ? 'Members' : 'Further members'}
        <select value="" onChange={(event) => change([...roles, event.target.value])}>
          <option value="">Add one…</option>
          {known.map(({ name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      {roles.length > 0 && (
        <ul className="chips">
          {roles.map((role, at) => (
            // The same role may be there twice: they are told apart by where they stand.
            <li key={at}>
              {titleOf(role)}
              <button
                type="button"
                aria-label={`Leave out ${titleOf(role)}`}
                onClick={() => change(roles.filter((_, place) => place !== at))}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
      )}
      <span className="field-hint">Everything else about members can be said afterwards.</span>
    </div>
  );
}
