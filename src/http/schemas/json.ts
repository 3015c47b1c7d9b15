import { z } from 'zod';
import type { Json } from '../../kernel/json.ts';

/** Any JSON value. What comes in a body was parsed as JSON, so there is nothing more to check. */
export const jsonSchema = z.unknown().meta({ description: 'Any JSON value' }) as unknown as z.ZodType<Json>;
