import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { MemberDocument, SquadDocument } from '../../../src/client.ts';
import { count } from '../data/formats.ts';
import { useMay } from '../data/may.ts';
import { squadra } from '../data/squadra.ts';
import { AskingButton } from '../parts/asking-button.tsx';
import { MemberDialog, NewMemberDialog } from './member-dialog.tsx';

interface MembersProps {
  readonly squad: SquadDocument;
  readonly tell: (outcome: string) => void;
}

/** Who is in a squad, in the order in which they were added, with what can be changed about each. */
export function Members({ squad, tell }: MembersProps) {
  const [edited, edit] = useState<MemberDocument | 'new' | null>(null);
  const may = useMay('write');
  const close = () => edit(null);
  return (
    <section className="panel" aria-labelledby="members">
      <div className="panel-head">
        <h2 id="members">
          {count(squad.members.length)} {squad.members.length === 1 ? 'member' : 'members'}
        </h2>
        {may && (
          <button type="button" className="button" onClick={() => edit('new')}>
            Add a member
          </button>
        )}
      </div>
      <ul className="members">
        {squad.members.map((member) => (
          <MemberCard key={member.id} squad={squad} member={member} tell={tell} edit={may ? edit : null} />
        ))}
      </ul>
      {edited === 'new' && <NewMemberDialog squadId={squad.id} tell={tell} onClose={close} />}
      {edited !== null && edited !== 'new' && (
        <MemberDialog squadId={squad.id} member={edited} tell={tell} onClose={close} />
      )}
    </section>
  );
}

function MemberCard(
  props: MembersProps & {
    readonly member: MemberDocument;
    /** Null where it is not allowed. */
    readonly edit: ((member: MemberDocument) => void) | null;
  },
) {
  const { squad, member, edit } = props;
  const { name, provider, model, temperature, instructions, tools } = member;
  const facts = [
    model === null ? 'default model' : provider === null ? model : `${provider}/${model}`,
    `temperature ${temperature}`,
    ...(tools.length === 0 ? [] : [`tools: ${tools.join(', ')}`]),
  ];
  return (
    <li className="member">
      <h3 dir="auto">{name}</h3>
      {roleOf(member) !== '' && <p>{roleOf(member)}</p>}
      <p className="muted" dir="auto">
        {facts.join(' · ')}
      </p>
      {instructions !== null && (
        <p className="member-instructions" dir="auto">
          {instructions}
        </p>
      )}
      {edit !== null && (
        <div className="member-actions">
          <button type="button" className="button" onClick={() => edit(member)}>
            Edit<span className="unseen"> {name}</span>
          </button>
          {squad.members.length > 1 && <Remove {...props} />}
        </div>
      )}
    </li>
  );
}

/** What its name does not say already. */
function roleOf({ name, role, specialization }: MemberDocument): string {
  const words = role.replaceAll('_', ' ');
  const isNamed = name.toLowerCase() === words.toLowerCase();
  return [...(isNamed ? [] : [words]), ...(specialization === null ? [] : [specialization])].join(', ');
}

function Remove({ squad, member, tell }: MembersProps & { readonly member: MemberDocument }) {
  const queries = useQueryClient();
  const remove = async () => {
    await squadra.squads.removeMember(squad.id, member.id);
    await queries.invalidateQueries({ queryKey: ['squads'] });
    tell(`${member.name} is out of the squad.`);
  };
  return (
    <AskingButton isFaint action="Remove" question={`Take ${member.name} out of the squad?`} act={remove}>
      <p>Its instructions and settings are gone with it. Executions under way keep their members.</p>
    </AskingButton>
  );
}
