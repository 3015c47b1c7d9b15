import { z } from 'zod';

const count = z.int().min(0);

/** How well what is kept at hand does. */
export const cacheSchema = z
  .object({
    regions: z.array(
      z
        .object({
          name: z.string(),
          entries: count.meta({ description: 'Kept now.' }),
          hits: count,
          misses: count.meta({ description: 'Filled, or given what the fill of somebody else brought.' }),
          hitRate: z.number().min(0).max(1).nullable().meta({ description: 'Null while nothing was asked for.' }),
          invalidations: count.meta({ description: 'Taken away because something was changed.' }),
          ttlSeconds: z.number().meta({ description: 'How long an entry is kept at most.' }),
        })
        .meta({ id: 'CacheRegion' }),
    ),
  })
  .meta({ id: 'Cache' });
