import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Principal } from '../../access/principal.ts';
import { budgetDocument } from '../../orchestrator/budget-document.ts';
import { topicSet } from '../../orchestrator/pulse/pulse-topic.ts';
import type { BudgetScope } from '../../work/budget.ts';
import { forbidden } from '../auth/authentication.ts';
import { route } from '../route.ts';
import { budgetBody, budgetListQuery, budgetParams, budgetSchema } from '../schemas/budget.ts';
import { pageSchema } from '../schemas/id.ts';

const tag = 'budgets';
const address = '/budgets/:scope/:id/:period';

/** Ceilings on what model calls spend. */
export function budgetRoutes(app: FastifyInstance): void {
  reading(app);
  setting(app);
  removing(app);
}

function reading(app: FastifyInstance): void {
  route(app, {
    method: 'GET',
    url: '/budgets',
    operationId: 'listBudgets',
    summary: 'Budgets with what counts against them, by scope, id and period',
    tag,
    scope: 'read',
    query: budgetListQuery,
    answers: { 200: pageSchema(budgetSchema) },
    changesWith: topicSet('budgets'),
    handle: async ({ query, squadra }) => {
      const { items, nextCursor } = await squadra.budgets.list(query);
      return { items: items.map(budgetDocument), nextCursor };
    },
  });
  route(app, {
    method: 'GET',
    url: address,
    operationId: 'getBudget',
    summary: 'A budget with what is spent and reserved in its present period',
    tag,
    scope: 'read',
    params: budgetParams,
    answers: { 200: budgetSchema },
    handle: async ({ params, squadra }) => budgetDocument(await squadra.budgets.get(params)),
  });
}

function setting(app: FastifyInstance): void {
  route(app, {
    method: 'PUT',
    url: address,
    operationId: 'setBudget',
    summary: 'Set a budget, new or in place of the one there is',
    description:
      'What was spent in the present period counts. Executions that wait at the ceiling try again. Of a squad `id` may be its name; of a tenant it is the own name. Budgets other than those of executions need the scope `admin`.',
    tag,
    scope: 'write',
    params: budgetParams,
    body: budgetBody,
    answers: { 200: budgetSchema },
    handle: async ({ params, body, principal, reply, squadra }) => {
      requireRight(principal, params.scope, reply);
      return budgetDocument(await squadra.budgets.set(params, body));
    },
  });
}

function removing(app: FastifyInstance): void {
  route(app, {
    method: 'DELETE',
    url: address,
    operationId: 'removeBudget',
    summary: 'Remove a budget, and with it what was counted',
    description: 'Budgets other than those of executions need the scope `admin`.',
    tag,
    scope: 'write',
    params: budgetParams,
    answers: { 204: null },
    handle: async ({ params, principal, reply, squadra }) => {
      requireRight(principal, params.scope, reply);
      await squadra.budgets.remove(params);
      return reply.code(204).send();
    },
  });
}

/** Who submits may say what a submission may spend; what a squad, a user or a tenant may spend is not for those who spend it. */
function requireRight({ scopes }: Principal, scope: BudgetScope, reply: FastifyReply): void {
  if (scope !== 'execution' && !scopes.has('admin')) throw forbidden(reply, 'admin');
}
