import type { FastifyInstance } from 'fastify';
import { convoyDocument, convoySummary } from '../../orchestrator/convoys/convoy-document.ts';
import type { ConvoyStatus } from '../../work/convoy.ts';
import { etagOf } from '../etag.ts';
import { idempotencyHeaders, idempotencyOf } from '../idempotency.ts';
import { route } from '../route.ts';
import {
  acceptedConvoySchema,
  convoyCancelBody,
  convoyListQuery,
  convoySchema,
  convoySummarySchema,
  newConvoyBody,
} from '../schemas/convoy.ts';
import { idParams, pageSchema } from '../schemas/id.ts';
import { z } from 'zod';

const tag = 'convoys';
/** A body may be left out, or be `{}`. */
const nothing = z.strictObject({}).nullish();

/** Convoys: many tasks at once, worked off in the order of their dependencies. */
export function convoyRoutes(app: FastifyInstance): void {
  making(app);
  reading(app);
  ending(app);
}

function making(app: FastifyInstance): void {
  route(app, {
    method: 'POST',
    url: '/convoys',
    operationId: 'createConvoy',
    summary: 'Have many tasks worked off side by side',
    description:
      'Answers as soon as it is stored. Each item is an execution of its own; it starts when those it depends on are completed. A cycle, an unknown key or role, or the same key twice is refused and named.',
    tag,
    scope: 'write',
    admitsWork: true,
    headers: idempotencyHeaders('convoy'),
    body: newConvoyBody,
    answers: { 202: acceptedConvoySchema },
    problems: [409],
    handle: async ({ body, request, reply, squadra }) => {
      const { id } = await squadra.convoys.create({ ...body, ...idempotencyOf(request) });
      // As it was accepted, not as it stands by now: the same key gets the same answer.
      return reply.code(202).header('location', address(id)).send(accepted(id, 'running'));
    },
  });
}

function reading(app: FastifyInstance): void {
  route(app, {
    method: 'GET',
    url: '/convoys',
    operationId: 'listConvoys',
    summary: 'Convoys, newest first',
    tag,
    scope: 'read',
    query: convoyListQuery,
    answers: { 200: pageSchema(convoySummarySchema) },
    handle: async ({ query, squadra }) => {
      const { items, nextCursor } = await squadra.convoys.list(query);
      return { items: items.map(convoySummary), nextCursor };
    },
  });
  route(app, {
    method: 'GET',
    url: '/convoys/:id',
    operationId: 'getConvoy',
    summary: 'A convoy with its items, its progress, and how many may run now and why',
    description:
      'Its version, and so its ETag, moves with every change of its status; its items move meanwhile. What was said in an item stands in its execution.',
    tag,
    scope: 'read',
    params: idParams,
    answers: { 200: convoySchema },
    handle: async ({ params, reply, squadra }) => {
      const convoy = await squadra.convoys.get(params.id);
      return reply.header('etag', etagOf(convoy.version)).send(convoyDocument(convoy));
    },
  });
}

function ending(app: FastifyInstance): void {
  route(app, {
    method: 'POST',
    url: '/convoys/:id/cancel',
    operationId: 'cancelConvoy',
    summary: 'Cancel a convoy with everything it has running',
    description: '202 when it is cancelled now, 200 when it was cancelled before; 409 when it has ended otherwise.',
    tag,
    scope: 'write',
    params: idParams,
    body: convoyCancelBody,
    answers: { 200: acceptedConvoySchema, 202: acceptedConvoySchema },
    problems: [409],
    handle: async ({ params: { id }, body, reply, squadra }) => {
      const changed = await squadra.convoys.cancel(id, body?.reason);
      return reply.code(changed ? 202 : 200).send(accepted(id, 'cancelled'));
    },
  });
  route(app, {
    method: 'POST',
    url: '/convoys/:id/retry',
    operationId: 'retryConvoy',
    summary: 'Have done again what failed',
    description:
      'Failed items, and those that were cancelled because of them; what is completed stays. 409 unless it ended partial or failed.',
    tag,
    scope: 'write',
    params: idParams,
    body: nothing,
    answers: { 202: acceptedConvoySchema },
    problems: [409],
    handle: async ({ params: { id }, reply, squadra }) => {
      await squadra.convoys.retry(id);
      return reply.code(202).send(accepted(id, 'running'));
    },
  });
}

function address(id: string): string {
  return `/api/v1/convoys/${id}`;
}

/** What is told of a convoy that something was done to, and where more is to be had. */
function accepted(id: string, status: ConvoyStatus) {
  return { id, status, links: { self: address(id), items: `/api/v1/work-items?convoyId=${id}` } };
}
