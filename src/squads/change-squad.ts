import { SquadraError } from '../kernel/errors.ts';
import { buildMember, type SquadParts } from './build-squad.ts';
import { findSpecialization } from './role.ts';
import { checkMemberCount, type MemberChange, parseSquadChange, type SquadChange } from './squad-input.ts';
import type { Member, Squad } from './squad.ts';

/**
 * The squad after a change, one version on; the one given stays as it is. A changed member moves its own version too.
 * Throws what `buildSquad` throws, and `NOT_FOUND` for a member the squad does not have.
 */
export function changeSquad(squad: Squad, change: SquadChange, parts: SquadParts): Squad {
  const changed = apply(squad, parseSquadChange(change), parts);
  checkMemberCount(changed.members.length);
  return { ...changed, version: squad.version + 1, updatedAt: Math.max(squad.updatedAt, parts.clock.now()) };
}

function apply(squad: Squad, change: SquadChange, parts: SquadParts): Squad {
  switch (change.change) {
    case 'update': {
      const { change: _, ...fields } = change;
      return { ...squad, ...fields };
    }
    case 'add-member':
      return { ...squad, members: [...squad.members, buildMember(change.member, squad.members, parts)] };
    case 'update-member': {
      const changed = changeMember(findMember(squad, change.memberId), change.member, parts);
      return { ...squad, members: squad.members.map((member) => (member.id === changed.id ? changed : member)) };
    }
    case 'remove-member': {
      const removed = findMember(squad, change.memberId);
      return { ...squad, members: squad.members.filter((member) => member !== removed) };
    }
  }
}

function changeMember(member: Member, change: MemberChange, { catalogue, tools }: SquadParts): Member {
  const changed = { ...member, ...change, version: member.version + 1 };
  // Checked together: a new role may lack the specialization the member has.
  findSpecialization(catalogue.role(changed.role), changed.specialization);
  tools.check(change.tools ?? []);
  return changed;
}

function findMember(squad: Squad, id: string): Member {
  const found = squad.members.find((member) => member.id === id);
  if (found !== undefined) return found;
  throw new SquadraError('NOT_FOUND', `The squad ${JSON.stringify(squad.name)} has no member ${JSON.stringify(id)}.`, {
    details: { squadId: squad.id, memberId: id },
  });
}
