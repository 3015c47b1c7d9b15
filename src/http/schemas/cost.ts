import { z } from 'zod';
import { costGroupings } from '../../orchestrator/costs.ts';
import { pageSchema, timeSchema } from './id.ts';
import { usageSchema } from './usage.ts';

const groupBy = z.enum(costGroupings);
const time = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

export const costQuery = z.strictObject({
  groupBy: groupBy.default('day'),
  from: time.exactOptional().meta({
    description: 'Executions submitted from here on: a time of ISO 8601, or a day, which begins at midnight UTC.',
    example: '2026-01-31',
  }),
  to: time.exactOptional().meta({ description: 'And before here.', example: '2026-02-28T12:00:00Z' }),
  // Longer than elsewhere: the name of a model stands in it.
  cursor: z.string().min(1).max(2_000).exactOptional(),
  limit: z.coerce.number().pipe(z.int().min(1).max(200)).exactOptional(),
});

const figures = {
  executions: z.int().min(0).meta({ description: 'Those that made model calls.' }),
  ...usageSchema.shape,
};

/** What was spent: the sum, and a page of its parts. */
export const costReportSchema = z
  .object({
    groupBy,
    from: timeSchema.nullable(),
    to: timeSchema.nullable(),
    total: z.object(figures).meta({ description: 'Over everything in that time, whatever the page.' }),
    ...pageSchema(
      z
        .object({
          key: z.string().nullable().meta({
            description:
              'The day (UTC), the id of the squad, member or execution, or the model as `provider/model`; null for what is of none.',
          }),
          name: z.string().nullable().meta({
            description: 'Of the squad or member as long as it is known; what an execution was asked for.',
          }),
          ...figures,
        })
        .meta({ id: 'CostLine' }),
    ).shape,
  })
  .meta({ id: 'Costs' });
