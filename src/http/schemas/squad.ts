import { z } from 'zod';
import { squadInput, squadUpdate } from '../../squads/squad-input.ts';
import type { Squad } from '../../squads/squad.ts';
import { idSchema, pageQuery, timeSchema } from './id.ts';
import { memberDocument, memberSchema } from './member.ts';

/** Members are added to those of the template; together they are at least one. */
export const newSquadBody = squadInput.meta({ id: 'NewSquad' });

/** At least one field. */
export const squadChangeBody = squadUpdate
  .refine((change) => Object.keys(change).length > 0, 'changes nothing')
  .meta({ id: 'SquadChange', minProperties: 1 });

export const squadListQuery = z.strictObject({
  ...pageQuery,
  userId: z.string().min(1).max(255).describe('Those that this user made.').exactOptional(),
});

export const squadSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    description: z.string().nullable(),
    members: z.array(memberSchema),
    /** Moves with every change of the squad and of its members. */
    version: z.int(),
    /** Who created it; null where none signed in. */
    userId: z.string().nullable(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'Squad' });

export function squadDocument({ id, name, description, members, version, userId, createdAt, updatedAt }: Squad) {
  return {
    id,
    name,
    description,
    members: members.map(memberDocument),
    version,
    userId,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
  };
}
