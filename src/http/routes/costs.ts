import type { FastifyInstance } from 'fastify';
import { route } from '../route.ts';
import { costQuery, costReportSchema } from '../schemas/cost.ts';

/** What model calls came to. */
export function costRoutes(app: FastifyInstance): void {
  route(app, {
    method: 'GET',
    url: '/costs',
    operationId: 'readCosts',
    summary: 'What was spent, by day, squad, member, model or execution',
    description:
      'Of the executions that are stored, by when they were submitted: days newest first, all else the dearest first. Calls of models without a known price are counted in `unpricedCalls`; what they cost is unknown and in no sum. What an execution has come to so far may be missing for a minute; it is in as soon as it ends.',
    tag: 'budgets',
    scope: 'read',
    query: costQuery,
    answers: { 200: costReportSchema },
    handle: async ({ query: { from, to, ...query }, squadra }) => {
      const report = await squadra.costs({ ...query, from: dateOf(from), to: dateOf(to) });
      return { ...report, from: told(report.from), to: told(report.to) };
    },
  });
}

function dateOf(time: string | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}

function told(time: Date | null): string | null {
  return time?.toISOString() ?? null;
}
