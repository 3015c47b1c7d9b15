import { z } from 'zod';
import { SquadraError } from '../kernel/errors.ts';
import { isId } from '../kernel/id.ts';
import type { SquadInput } from './squad.ts';

/** Long enough for any name a person reads in one glance. */
const maxNameLength = 200;
const maxDescriptionLength = 2_000;
/** About 5,000 tokens, sent with every call of the member. */
const maxInstructionsLength = 20_000;
const maxMembers = 100;
/** Each costs tokens in every call; models lose sight of more. */
const maxTools = 100;

const text = (maxLength: number) => z.string().trim().min(1).max(maxLength);

/** A squad is found by id or by name, so a name must not look like an id. */
const squadName = text(maxNameLength).refine((name) => !isId(name), 'must not have the shape of an id');

const memberFields = {
  role: text(maxNameLength),
  name: text(maxNameLength),
  specialization: text(maxNameLength),
  provider: text(maxNameLength),
  model: text(maxNameLength),
  temperature: z.number().min(0).max(2),
  instructions: text(maxInstructionsLength),
  // Whether they exist is known to whoever has them.
  tools: z.array(text(maxNameLength)).max(maxTools),
};

/** What may be given for a new member. */
export const memberInput = z.strictObject({
  role: memberFields.role,
  name: memberFields.name.exactOptional(),
  specialization: memberFields.specialization.exactOptional(),
  provider: memberFields.provider.exactOptional(),
  model: memberFields.model.exactOptional(),
  temperature: memberFields.temperature.exactOptional(),
  instructions: memberFields.instructions.exactOptional(),
  tools: memberFields.tools.exactOptional(),
});

/** What may be given for a new squad. */
export const squadInput = z.strictObject({
  name: squadName,
  description: text(maxDescriptionLength).exactOptional(),
  template: text(maxNameLength).exactOptional(),
  members: z.array(memberInput).max(maxMembers).exactOptional(),
});

/** What may be changed of a member; null takes the installation's default again. */
export const memberChange = z.strictObject({
  role: memberFields.role.exactOptional(),
  name: memberFields.name.exactOptional(),
  specialization: memberFields.specialization.nullable().exactOptional(),
  provider: memberFields.provider.nullable().exactOptional(),
  model: memberFields.model.nullable().exactOptional(),
  temperature: memberFields.temperature.exactOptional(),
  instructions: memberFields.instructions.nullable().exactOptional(),
  tools: memberFields.tools.exactOptional(),
});

/** What may be different about a member for one execution. */
const memberOverride = memberChange
  .pick({ provider: true, model: true, temperature: true, instructions: true })
  .refine((override) => Object.keys(override).length > 0, 'changes nothing');

/** What may be changed of a squad itself; a description of null takes it away. */
export const squadUpdate = z.strictObject({
  name: squadName.exactOptional(),
  description: text(maxDescriptionLength).nullable().exactOptional(),
});

const squadChange = z.discriminatedUnion('change', [
  squadUpdate.extend({ change: z.literal('update') }),
  z.strictObject({ change: z.literal('add-member'), member: memberInput }),
  z.strictObject({ change: z.literal('update-member'), memberId: z.string(), member: memberChange }),
  z.strictObject({ change: z.literal('remove-member'), memberId: z.string() }),
]);

/** One change of a squad. Fields that are left out stay as they are. */
export type SquadChange = z.infer<typeof squadChange>;
export type MemberChange = z.infer<typeof memberChange>;
export type MemberOverride = z.infer<typeof memberOverride>;

/** Checks what came from outside; throws `INVALID_INPUT` with every problem. */
export function parseSquadInput(value: unknown): SquadInput {
  return parse(squadInput, value, 'squad');
}

/** Checks what came from outside; throws `INVALID_INPUT` with every problem. */
export function parseSquadChange(value: unknown): SquadChange {
  return parse(squadChange, value, 'change of a squad');
}

/** Checks what came from outside; throws `INVALID_INPUT` with every problem. */
export function parseMemberOverrides(value: unknown): Record<string, MemberOverride> {
  return parse(z.record(z.string(), memberOverride), value, 'change of members');
}

/** The refusal of a squad that would have too many members or none. */
export function checkMemberCount(count: number): void {
  if (count >= 1 && count <= maxMembers) return;
  const message = `A squad has 1 to ${maxMembers} members, not ${count}. Name a template, list members, or leave some out.`;
  throw new SquadraError('INVALID_INPUT', message, { details: { problems: [{ path: 'members', message }] } });
}

function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  const list = problems.map((problem) =>
    problem.path === '' ? problem.message : `${problem.path}: ${problem.message}`,
  );
  throw new SquadraError('INVALID_INPUT', `This is not a valid ${what}: ${list.join('; ')}.`, {
    details: { problems },
  });
}
