import { SquadraError } from '../kernel/errors.ts';
import { parseMemberOverrides } from './squad-input.ts';
import type { MemberOverride } from './squad-input.ts';
import type { Member, Squad } from './squad.ts';

/** What is different about members, by name, role or id; a role means every member that has it. Null takes the installation's default. */
export type MemberOverrides = Readonly<Record<string, MemberOverride>>;

/** A squad with other settings of some members, and their ids. */
export interface OverriddenSquad {
  readonly squad: Squad;
  readonly changedMembers: readonly string[];
}

/** The squad given stays as it is. Throws `INVALID_INPUT` with every problem, naming the members there are. */
export function overrideMembers(squad: Squad, given: MemberOverrides): OverriddenSquad {
  const overrides = Object.entries(parseMemberOverrides(given));
  const meant = new Map(overrides.map(([name]) => [name, membersNamed(squad, name)]));
  const unknown = overrides.map(([name]) => name).filter((name) => meant.get(name)?.length === 0);
  if (unknown.length > 0) throw unknownMembers(squad, unknown);
  const changed = new Set<string>();
  let { members } = squad;
  for (const [name, override] of overrides) {
    const ids = new Set(meant.get(name)?.map(({ id }) => id));
    members = members.map((member) => (ids.has(member.id) ? { ...member, ...override } : member));
    for (const id of ids) changed.add(id);
  }
  return { squad: { ...squad, members }, changedMembers: [...changed] };
}

function membersNamed({ members }: Squad, name: string): readonly Member[] {
  const one = members.filter((member) => member.id === name || member.name === name);
  return one.length > 0 ? one : members.filter(({ role }) => role === name);
}

function unknownMembers(squad: Squad, unknown: readonly string[]): SquadraError {
  const names = unknown.map((name) => JSON.stringify(name)).join(', ');
  const members = squad.members.map(({ name, role }) => `${name} (${role})`).join(', ');
  return new SquadraError(
    'INVALID_INPUT',
    `Squad '${squad.name}' has no member ${names}; its members are ${members}.`,
    {
      details: { unknown },
    },
  );
}
