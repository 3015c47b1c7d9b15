import { SquadraError } from '../../kernel/errors.ts';
import type { Member } from '../../squads/squad.ts';
import type { SquadApi } from '../squad-api.ts';

/** A member, and the name by which a flow calls it: its role, numbered from the second of a role on. */
export interface FlowMember {
  readonly name: string;
  readonly member: Member;
}

/** At least one, in the order of the squad. */
export type FlowMembers = readonly [FlowMember, ...FlowMember[]];

/** The members of the squad, each under a name of its own. Throws `UNKNOWN_SQUAD` where there are none to ask. */
export function flowMembers(squad: SquadApi, flow: string): FlowMembers {
  const [first, ...others] = squad.members.map((member, place) => {
    const before = squad.members.slice(0, place).filter(({ role }) => role === member.role).length;
    return { name: before === 0 ? member.role : `${member.role}-${before + 1}`, member };
  });
  if (first === undefined)
    throw new SquadraError('UNKNOWN_SQUAD', `The workflow '${flow}' needs a squad; submit it with one.`);
  return [first, ...others];
}

/** The member meant by an option: by the name in the flow (so also by role), by its own name or by its id. Throws `UNKNOWN_ROLE`. */
export function findMember(members: FlowMembers, wanted: string, option: string): FlowMember {
  const found =
    members.find(({ name }) => name === wanted) ??
    members.find(({ member }) => member.name === wanted || member.id === wanted);
  if (found !== undefined) return found;
  const known = members.map(({ name }) => name);
  throw new SquadraError(
    'UNKNOWN_ROLE',
    `No member of the squad is the '${option}' ${JSON.stringify(wanted)}; the members are ${known.join(', ')}.`,
    { details: { [option]: wanted, known } },
  );
}
