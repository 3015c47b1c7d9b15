import type { FastifyInstance } from 'fastify';
import { messageDocument } from '../../orchestrator/execution-document.ts';
import { readPageBy } from '../../orchestrator/page.ts';
import { route } from '../route.ts';
import { idParams, pageSchema } from '../schemas/id.ts';
import { bySeq, messageListQuery, messageSchema } from '../schemas/message.ts';

/** What was said in an execution. */
export function executionMessageRoutes(app: FastifyInstance): void {
  route(app, {
    method: 'GET',
    url: '/executions/:id/messages',
    operationId: 'listMessages',
    summary: 'What was said in an execution, in order; the request is the first',
    description: '`after` is the `seq` of a message or of any other event; a cursor wins over it.',
    tag: 'executions',
    scope: 'read',
    params: idParams,
    query: messageListQuery,
    answers: { 200: pageSchema(messageSchema) },
    handle: async ({ params, query: { after, cursor = after, limit }, squadra }) => {
      const run = squadra.run(params.id);
      const { items, nextCursor } = await readPageBy(bySeq, { cursor, limit }, (most, from = 0) =>
        run.messages({ after: from, limit: most }),
      );
      // Nothing was said after this, or there is no such execution.
      if (items.length === 0) await run.get();
      return { items: items.map(messageDocument), nextCursor };
    },
  });
}
