import { z } from 'zod';

/** Any UUID, in lower case, as Squadra writes them. */
export const idSchema = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'is not an id')
  .meta({ format: 'uuid' });

/** The parameters of an address below one thing. */
export const idParams = z.strictObject({ id: idSchema });

/** Of a list: where its page begins, and how much it has. */
export const pageQuery = {
  cursor: z.string().min(1).max(500).exactOptional(),
  limit: z.coerce.number().pipe(z.int().min(1).max(200)).exactOptional(),
};

/** A page of a list; `nextCursor` is null at its end. */
export function pageSchema<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

/** ISO 8601, UTC. */
export const timeSchema = z.iso.datetime();
