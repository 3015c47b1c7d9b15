import type { FastifyInstance } from 'fastify';
import { executionSummary } from '../../orchestrator/execution-document.ts';
import { topicSet } from '../../orchestrator/pulse/pulse-topic.ts';
import { defaultWorkflow } from '../../orchestrator/submissions.ts';
import { etagOf } from '../etag.ts';
import { idempotencyHeaders, idempotencyOf } from '../idempotency.ts';
import { accepted, executionAddress } from '../execution-links.ts';
import { route } from '../route.ts';
import {
  acceptedSchema,
  executionListQuery,
  executionSchema,
  executionSummarySchema,
  submissionBody,
} from '../schemas/execution.ts';
import { idParams, pageSchema } from '../schemas/id.ts';

const tag = 'executions';

/** Executions: handing work in, and seeing what became of it. */
export function executionRoutes(app: FastifyInstance): void {
  submitting(app);
  listing(app);
  reading(app);
}

function submitting(app: FastifyInstance): void {
  route(app, {
    method: 'POST',
    url: '/executions',
    operationId: 'submitExecution',
    summary: 'Hand a request to a squad',
    description: 'Answers as soon as the request is stored; the work goes on in the background.',
    tag,
    scope: 'write',
    admitsWork: true,
    headers: idempotencyHeaders('execution'),
    body: submissionBody,
    answers: { 202: acceptedSchema },
    problems: [409],
    handle: async ({ body, request, reply, squadra }) => {
      const { workflow = defaultWorkflow, ...rest } = body;
      const run = await squadra.submit<unknown, unknown>(workflow, { ...rest, ...idempotencyOf(request) });
      // As it was accepted, not as it stands by now: the same key gets the same answer.
      const status = body.start === false ? 'created' : 'queued';
      return reply.code(202).header('location', executionAddress(run.id)).send(accepted(run.id, status));
    },
  });
}

function listing(app: FastifyInstance): void {
  route(app, {
    method: 'GET',
    url: '/executions',
    operationId: 'listExecutions',
    summary: 'Executions, newest first',
    tag,
    scope: 'read',
    query: executionListQuery,
    answers: { 200: pageSchema(executionSummarySchema) },
    // A squad may be named by its name.
    changesWith: topicSet('executions', 'squads'),
    handle: async ({ query: { createdAfter, ...filter }, squadra }) => {
      const { items, nextCursor } = await squadra.list({
        ...filter,
        ...(createdAfter === undefined ? {} : { createdAfter: new Date(createdAfter) }),
      });
      return { items: items.map(executionSummary), nextCursor };
    },
  });
}

function reading(app: FastifyInstance): void {
  route(app, {
    method: 'GET',
    url: '/executions/:id',
    operationId: 'getExecution',
    summary: 'An execution with its steps, items and cost',
    description:
      'Its version, and so its ETag, moves with every change of its status; steps are added to it meanwhile, which the events of the execution tell.',
    tag,
    scope: 'read',
    params: idParams,
    answers: { 200: executionSchema },
    handle: async ({ params, reply, squadra }) => {
      const execution = await squadra.describe(params.id);
      return reply.header('etag', etagOf(execution.version)).send(execution);
    },
  });
}
