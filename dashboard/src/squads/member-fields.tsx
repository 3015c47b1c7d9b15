import { useId } from 'react';
import { memberFields } from './member-draft.ts';
import type { Draft } from './draft.ts';
import { useRoles, useTemplates } from './all-squads.ts';

interface FieldsProps {
  readonly draft: Draft;
  readonly change: (field: string, text: string) => void;
}

/** Everything that can be said of a member. */
export function MemberFields({ draft, change }: FieldsProps) {
  return (
    <div className="member-fields">
      <RoleFields draft={draft} change={change} />
      <TextField field="name" hint="as the role" draft={draft} change={change} />
      <TextField field="provider" hint="of the installation" draft={draft} change={change} />
      <TextField field="model" hint="of the installation" draft={draft} change={change} />
      <label>
        {memberFields.temperature}
        <input
          type="number"
          min={0}
          max={2}
          step={0.1}
          required
          value={draft['temperature']}
          onChange={(event) => change('temperature', event.target.value)}
        />
      </label>
      <label className="wide">
        {memberFields.instructions}
        <textarea
          dir="auto"
          rows={4}
          maxLength={20_000}
          value={draft['instructions']}
          placeholder="Said to the member with every call, after what its role says."
          onChange={(event) => change('instructions', event.target.value)}
        />
      </label>
      <ToolsField draft={draft} change={change} />
    </div>
  );
}

function RoleFields({ draft, change }: FieldsProps) {
  const { data: roles = [] } = useRoles();
  const role = draft['role'] ?? '';
  const chosen = roles.find(({ name }) => name === role);
  const specialization = draft['specialization'] ?? '';
  const specializations = new Set(chosen?.specializations);
  if (specialization !== '') specializations.add(specialization);
  const choose = (name: string) => {
    change('role', name);
    change('specialization', '');
  };
  return (
    <>
      <label>
        {memberFields.role}
        <select required value={role} onChange={(event) => choose(event.target.value)}>
          <option value="">Choose…</option>
          {role !== '' && chosen === undefined && <option value={role}>{role}</option>}
          {roles.map(({ name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <label>
        {memberFields.specialization}
        <select
          value={specialization}
          disabled={specializations.size === 0}
          onChange={(event) => change('specialization', event.target.value)}
        >
          <option value="">None</option>
          {[...specializations].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
    </>
  );
}

function TextField(props: FieldsProps & { readonly field: 'name' | 'provider' | 'model'; readonly hint: string }) {
  const { field, hint, draft, change } = props;
  return (
    <label>
      {memberFields[field]}
      <input
        dir="auto"
        maxLength={200}
        placeholder={hint}
        value={draft[field]}
        onChange={(event) => change(field, event.target.value)}
      />
    </label>
  );
}

function ToolsField({ draft, change }: FieldsProps) {
  const hint = useId();
  const { data: templates = [] } = useTemplates();
  const known = [...new Set(templates.flatMap(({ members }) => members.flatMap(({ tools = [] }) => tools)))];
  return (
    <label className="wide">
      {memberFields.tools}
      <textarea
        rows={2}
        aria-describedby={hint}
        value={draft['tools']}
        onChange={(event) => change('tools', event.target.value)}
      />
      <span className="field-hint" id={hint}>
        One a line{known.length > 0 && `, such as ${known.join(', ')}`}. Members without tools only answer.
      </span>
    </label>
  );
}
