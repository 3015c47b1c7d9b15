import { z } from 'zod';
import { scopes } from '../../access/principal.ts';
import { memberInput } from '../../squads/squad-input.ts';
import { timeSchema } from './id.ts';
import { jsonSchema } from './json.ts';

export const roleSchema = z
  .object({
    name: z.string(),
    title: z.string(),
    specializations: z.array(z.string()),
    /** What a member of the role is told; a specialization adds to it. */
    prompt: z.string(),
  })
  .meta({ id: 'Role' });

export const templateSchema = z
  .object({ name: z.string(), description: z.string(), members: z.array(memberInput) })
  .meta({ id: 'Template' });

export const workflowSchema = z
  .object({
    name: z.string(),
    /** Whether it comes with Squadra. */
    isBuiltIn: z.boolean(),
    inputSchema: jsonSchema.meta({ description: 'What its input looks like, as JSON Schema; null: any JSON.' }),
  })
  .meta({ id: 'Workflow' });

export const meSchema = z
  .object({
    kind: z.enum(['local', 'key', 'user']),
    /** What shows who asks: `nothing` where nobody signs in, a `key`, a `token` of the issuer, or the `cookie` of a sign-in. */
    signedInWith: z.enum(['nothing', 'key', 'token', 'cookie']),
    tenant: z.string(),
    /** Of the key or the user; `local` where nobody signs in. */
    id: z.string(),
    name: z.string(),
    userId: z.string().nullable(),
    scopes: z.array(z.enum(scopes)),
    /** When the key, the token or the sign-in ends; null when it does not. */
    expiresAt: timeSchema.nullable(),
  })
  .meta({ id: 'Me' });
