import { z } from 'zod';
import { budgetPeriods, budgetReactions, budgetScopes } from '../../work/budget.ts';
import { pageQuery, timeSchema } from './id.ts';

const scope = z.enum(budgetScopes);
const period = z.enum(budgetPeriods);
const amount = z.int().min(0);
const microUsd = amount.meta({ description: 'Micro-dollars: 1,000,000 is a dollar.' });

/** At least one of the two limits; checked where they are kept. */
export const budgetBody = z
  .strictObject({
    limitMicroUsd: microUsd.exactOptional(),
    limitTokens: amount.exactOptional().meta({ description: 'Input and output together.' }),
    onExceeded: z.enum(budgetReactions).exactOptional().meta({
      description:
        '`fail` (where nothing is said): the step that would go over fails with BUDGET_EXCEEDED. `ask`: its execution waits for an approval.',
    }),
  })
  .meta({ id: 'BudgetLimits' });

export const budgetParams = z.strictObject({ scope, id: z.string().min(1).max(255), period });

export const budgetListQuery = z.strictObject({ scope: scope.exactOptional(), ...pageQuery });

/** A budget with what counts against it in its present period. */
export const budgetSchema = z
  .object({
    scope,
    id: z.string().meta({ description: 'Of the execution, squad or user; the name of the tenant.' }),
    period: period.meta({ description: '`total` for an execution, `day` or `month` (UTC) for the others.' }),
    limitMicroUsd: microUsd.nullable(),
    limitTokens: amount.nullable(),
    onExceeded: z.enum(budgetReactions),
    spentMicroUsd: microUsd,
    spentTokens: amount,
    reservedMicroUsd: microUsd.meta({ description: 'What calls in flight may cost at most.' }),
    reservedTokens: amount,
    raisedMicroUsd: microUsd.meta({ description: 'By how much people raised the ceiling for this period.' }),
    raisedTokens: amount,
    periodStart: timeSchema.nullable(),
    periodEnd: timeSchema.nullable(),
    updatedAt: timeSchema,
  })
  .meta({ id: 'Budget' });
