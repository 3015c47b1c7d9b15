import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { MemberDocument } from '../../../src/client.ts';
import { ProblemError } from '../../../src/client.ts';
import { squadra } from '../data/squadra.ts';
import { Dialog } from '../parts/dialog.tsx';
import { DialogForm } from '../parts/dialog-form.tsx';
import type { Draft, Versioned } from './draft.ts';
import { draftOfMember, emptyMember, memberFields, memberUpdateOf, newMemberOf } from './member-draft.ts';
import { MemberFields } from './member-fields.tsx';
import { VersionedForm } from './versioned-form.tsx';

interface DialogProps {
  readonly squadId: string;
  readonly tell: (outcome: string) => void;
  readonly onClose: () => void;
}

/** Changes a member. */
export function MemberDialog({ squadId, member, tell, onClose }: DialogProps & { readonly member: MemberDocument }) {
  const queries = useQueryClient();
  const save = async ({ version, fields }: Versioned, draft: Draft) => {
    const changed = memberUpdateOf(fields, draft);
    const { name } = await squadra.squads.updateMember(squadId, { id: member.id, version }, changed);
    await queries.invalidateQueries({ queryKey: ['squads'] });
    tell(`${name} is changed. Executions under way keep their members as they were.`);
  };
  const readNewer = async () => {
    const { members } = await squadra.squads.get(squadId);
    const newer = members.find(({ id }) => id === member.id);
    if (newer !== undefined) return versioned(newer);
    throw gone(member.name);
  };
  return (
    <Dialog title={`Edit ${member.name}`} onClose={onClose} isKept isWide>
      <VersionedForm read={versioned(member)} names={memberFields} save={save} readNewer={readNewer} onClose={onClose}>
        {(draft, change) => <MemberFields draft={draft} change={change} />}
      </VersionedForm>
    </Dialog>
  );
}

/** Adds a member at the end. */
export function NewMemberDialog({ squadId, tell, onClose }: DialogProps) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState(emptyMember);
  const add = async () => {
    const { name } = await squadra.squads.addMember(squadId, newMemberOf(draft));
    await queries.invalidateQueries({ queryKey: ['squads'] });
    tell(`${name} is in the squad.`);
    onClose();
  };
  return (
    <Dialog title="Add a member" onClose={onClose} isKept={draft !== emptyMember} isWide>
      <DialogForm act={add} action="Add" isReady={draft['role'] !== ''} onClose={onClose}>
        <MemberFields draft={draft} change={(field, text) => setDraft((before) => ({ ...before, [field]: text }))} />
      </DialogForm>
    </Dialog>
  );
}

function versioned(member: MemberDocument): Versioned {
  return { fields: draftOfMember(member), version: member.version };
}

function gone(name: string): ProblemError {
  const detail = `${name} was taken out of the squad while you typed.`;
  const help = 'Copy what you want to keep, close this, and add a member with it.';
  return new ProblemError({ status: 404, code: 'NOT_FOUND', title: 'Not there any more', detail, help, requestId: '' });
}
