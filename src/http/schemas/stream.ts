import { z } from 'zod';

/** What a stream answers with. */
export const stream = z.string().describe('Server-sent events');

/** In the address of a stream. */
export const token = z
  .string()
  .min(1)
  .max(2_000)
  .exactOptional()
  .describe('A stream token, for browsers, which send no headers');
