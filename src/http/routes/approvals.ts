import type { FastifyInstance } from 'fastify';
import { approvalDocument } from '../../orchestrator/execution-document.ts';
import { topicSet } from '../../orchestrator/pulse/pulse-topic.ts';
import { route } from '../route.ts';
import { approvalBody, approvalListQuery, approvalSchema } from '../schemas/approval.ts';
import { idParams, pageSchema } from '../schemas/id.ts';

const tag = 'approvals';

/** What executions ask people, and the answers. */
export function approvalRoutes(app: FastifyInstance): void {
  route(app, {
    method: 'GET',
    url: '/approvals',
    operationId: 'listApprovals',
    summary: 'What executions ask people, newest first',
    tag,
    scope: 'read',
    query: approvalListQuery,
    answers: { 200: pageSchema(approvalSchema) },
    changesWith: topicSet('approvals'),
    handle: async ({ query, squadra }) => {
      const { items, nextCursor } = await squadra.approvals.list(query);
      return { items: items.map(approvalDocument), nextCursor };
    },
  });
  route(app, {
    method: 'GET',
    url: '/approvals/:id',
    operationId: 'getApproval',
    summary: 'A question, and who answered what and when',
    tag,
    scope: 'read',
    params: idParams,
    answers: { 200: approvalSchema },
    handle: async ({ params, squadra }) => approvalDocument(await squadra.approvals.get(params.id)),
  });
  answering(app);
}

function answering(app: FastifyInstance): void {
  route(app, {
    method: 'POST',
    url: '/approvals/:id',
    operationId: 'answerApproval',
    summary: 'Answer what an execution asks',
    description: 'The first answer counts; a second one is refused. It is noted who gave it.',
    tag,
    scope: 'write',
    params: idParams,
    body: approvalBody,
    answers: { 200: approvalSchema },
    problems: [409],
    handle: async ({ params: { id }, body: { choice, ...said }, principal, squadra }) => {
      // Words alone are an answer to a question in words: its first choice is to answer it.
      const chosen = choice ?? (await squadra.approvals.get(id)).choices[0] ?? '';
      return approvalDocument(await squadra.approvals.answer(id, { choice: chosen, by: principal.name, ...said }));
    },
  });
}
