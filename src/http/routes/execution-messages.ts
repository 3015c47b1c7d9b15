import type { FastifyInstance } from 'fastify';
import { messageDocument } from '../../orchestrator/execution-document.ts';
import { defaultLimit } from '../../orchestrator/page.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { route } from '../route.ts';
import { idParams, pageSchema } from '../schemas/id.ts';
import { messageListQuery, messageSchema, seqOf } from '../schemas/message.ts';

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
    handle: async ({ params, query: { after = '0', cursor = after, limit = defaultLimit }, squadra }) => {
      const from = seqOf(cursor);
      if (from === null)
        throw new SquadraError('INVALID_CURSOR', 'The cursor is not one that a page of messages gave.');
      const run = squadra.run(params.id);
      // One more than asked for, so that the last page knows that it is the last.
      const found = await run.messages({ after: from, limit: limit + 1 });
      // Nothing was said after this, or there is no such execution.
      if (found.length === 0) await run.get();
      const items = found.slice(0, limit).map(messageDocument);
      return { items, nextCursor: found.length > limit ? String(items.at(-1)?.seq) : null };
    },
  });
}
