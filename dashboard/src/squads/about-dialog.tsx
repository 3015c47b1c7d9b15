import { useQueryClient } from '@tanstack/react-query';
import type { SquadDocument } from '../../../src/client.ts';
import { squadra } from '../data/squadra.ts';
import { Dialog } from '../parts/dialog.tsx';
import { changedFields } from './draft.ts';
import type { Draft, Versioned } from './draft.ts';
import { VersionedForm } from './versioned-form.tsx';

const names = { name: 'Name', description: 'Description' };

/** Changes the name and the description of a squad. */
export function AboutDialog(props: {
  readonly squad: SquadDocument;
  readonly tell: (outcome: string) => void;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const { id } = props.squad;
  const save = async ({ version, fields }: Versioned, draft: Draft) => {
    const changed = new Set(changedFields(fields, draft));
    const { name = '', description = '' } = draft;
    const squad = await squadra.squads.update(
      { id, version },
      {
        ...(changed.has('name') ? { name: name.trim() } : {}),
        ...(changed.has('description') ? { description: description.trim() === '' ? null : description.trim() } : {}),
      },
    );
    queries.setQueryData(['squads', 'one', id], squad);
    await queries.invalidateQueries({ queryKey: ['squads', 'all'] });
    props.tell('The squad is changed. Executions under way keep it as it was.');
  };
  return (
    <Dialog title="Edit the squad" onClose={props.onClose} isKept>
      <VersionedForm
        read={versioned(props.squad)}
        names={names}
        save={save}
        readNewer={async () => versioned(await squadra.squads.get(id))}
        onClose={props.onClose}
      >
        {(draft, change) => (
          <>
            <label>
              {names.name}
              <input
                dir="auto"
                required
                maxLength={200}
                value={draft['name']}
                onChange={(event) => change('name', event.target.value)}
              />
            </label>
            <label>
              {names.description}
              <textarea
                dir="auto"
                rows={4}
                maxLength={2_000}
                value={draft['description']}
                onChange={(event) => change('description', event.target.value)}
              />
            </label>
          </>
        )}
      </VersionedForm>
    </Dialog>
  );
}

function versioned({ name, description, version }: SquadDocument): Versioned {
  return { fields: { name, description: description ?? '' }, version };
}
