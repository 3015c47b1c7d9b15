import { z } from 'zod';
import { timeSchema } from './id.ts';

export const signInBody = z.strictObject({ key: z.string().min(1).max(512).describe('An API key') });

export const signedInSchema = z
  .object({
    tenant: z.string(),
    /** Of the key. */
    name: z.string(),
    /** When it is over however much it is used. */
    expiresAt: timeSchema,
  })
  .meta({ id: 'SignedIn' });
