import type { Clock } from '../kernel/clock.ts';
import type { IdSource } from '../kernel/id.ts';
import type { Catalogue } from './catalogue.ts';
import { findSpecialization } from './role.ts';
import { checkMemberCount, parseSquadInput } from './squad-input.ts';
import type { Member, MemberInput, Squad, SquadInput } from './squad.ts';
import type { ToolNames } from './tool-names.ts';

/** Members answer varied but not erratic unless they say otherwise; the customary default of chat models' clients. */
const defaultTemperature = 0.7;

/** What building and changing squads needs from its surroundings. */
export interface SquadParts {
  readonly catalogue: Catalogue;
  readonly ids: IdSource;
  readonly clock: Clock;
  readonly tools: ToolNames;
}

/**
 * A new squad at version 1, members of the template first. Throws `INVALID_INPUT`, `UNKNOWN_TEMPLATE`, `UNKNOWN_ROLE`,
 * `UNKNOWN_SPECIALIZATION` or `UNKNOWN_TOOL`, and then nothing was made.
 */
export function buildSquad(input: SquadInput, parts: SquadParts): Squad {
  const { name, description, template, members = [] } = parseSquadInput(input);
  const listed = template === undefined ? members : [...parts.catalogue.template(template).members, ...members];
  checkMemberCount(listed.length);
  const built: Member[] = [];
  for (const member of listed) built.push(buildMember(member, built, parts));
  const now = parts.clock.now();
  return {
    id: parts.ids(),
    name,
    description: description ?? null,
    members: built,
    version: 1,
    userId: null,
    createdAt: now,
    updatedAt: now,
  };
}

/** A checked member at version 1. Without a name it gets its role's title, numbered when a colleague bears it already. */
export function buildMember(
  input: MemberInput,
  colleagues: readonly Member[],
  parts: Pick<SquadParts, 'catalogue' | 'ids' | 'tools'>,
): Member {
  const role = parts.catalogue.role(input.role);
  const specialization = findSpecialization(role, input.specialization ?? null);
  parts.tools.check(input.tools ?? []);
  return {
    id: parts.ids(),
    name: input.name ?? freeName(role.title, colleagues),
    role: role.name,
    specialization: specialization?.name ?? null,
    provider: input.provider ?? null,
    model: input.model ?? null,
    temperature: input.temperature ?? defaultTemperature,
    instructions: input.instructions ?? null,
    tools: input.tools ?? [],
    version: 1,
  };
}

function freeName(title: string, colleagues: readonly Member[]): string {
  const taken = new Set(colleagues.map((colleague) => colleague.name));
  let name = title;
  for (let number = 2; taken.has(name); number += 1) name = `${title} ${number}`;
  return name;
}
