import { z } from 'zod';

const description = 'The ETag of what was read, a list of them, or `*`.';

/** Of a change: 428 without it, so that nobody overwrites unseen what somebody else did. */
export const ifMatchHeaders = z.looseObject({
  // Not required here: a change without it has a status of its own.
  'if-match': z
    .string()
    .exactOptional()
    .meta({ description: `Required. ${description}`, example: '"3"' }),
});

/** Of a removal, which may be of whatever is there. */
export const optionalIfMatchHeaders = z.looseObject({
  'if-match': z.string().exactOptional().meta({ description, example: '"3"' }),
});

/** Of a read: 304 when nothing changed since. */
export const ifNoneMatchHeaders = z.looseObject({
  'if-none-match': z.string().exactOptional().meta({ description: 'The ETag of what the asker has.', example: '"3"' }),
});
