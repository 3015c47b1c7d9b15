import { z } from 'zod';
import { idSchema } from './id.ts';

/** The files that the members of an execution wrote. */
export const filesSchema = z
  .object({
    items: z.array(z.object({ path: z.string(), bytes: z.int().min(0) })),
    hasMore: z.boolean().meta({ description: 'Whether there are more than a thousand files and folders.' }),
  })
  .meta({ id: 'Files' });

/** Longer ones no file has. */
export const fileParams = z.strictObject({
  id: idSchema,
  path: z.string().min(1).max(1_000).meta({
    description: 'As the list of files says it, encoded as one part of the address: `src%2Fapp.ts`.',
    example: 'src/app.ts',
  }),
});

/** What a file holds, as it is. */
export const fileContent = z.string().describe('The bytes of the file');
