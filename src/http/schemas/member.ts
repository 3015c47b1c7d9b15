import { z } from 'zod';
import { memberChange, memberInput } from '../../squads/squad-input.ts';
import type { Member } from '../../squads/squad.ts';
import { idSchema } from './id.ts';

/** The parameters of an address below a member. */
export const memberParams = z.strictObject({ id: idSchema, memberId: idSchema });

export const newMemberBody = memberInput.meta({ id: 'NewMember' });

/** At least one field; null takes the installation's default again. */
export const memberChangeBody = memberChange
  .refine((change) => Object.keys(change).length > 0, 'changes nothing')
  .meta({ id: 'MemberChange', minProperties: 1 });

/** `provider` and `model` are null where the installation's default applies. */
export const memberSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    role: z.string(),
    specialization: z.string().nullable(),
    provider: z.string().nullable(),
    model: z.string().nullable(),
    temperature: z.number(),
    instructions: z.string().nullable(),
    tools: z.array(z.string()),
    version: z.int(),
  })
  .meta({ id: 'Member' });

/** Field by field, so that what a member comes to know of is not published unseen. */
export function memberDocument(member: Member) {
  const { id, name, role, specialization, provider, model, temperature, instructions, tools, version } = member;
  return { id, name, role, specialization, provider, model, temperature, instructions, tools, version };
}
