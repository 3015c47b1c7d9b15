import type { FastifyInstance, FastifyReply } from 'fastify';
import { workItemDocument } from '../../orchestrator/execution-document.ts';
import type { WorkItem } from '../../work/work-item.ts';
import { checkCondition, etagOf, readIfMatch, requireIfMatch, sendVersioned } from '../etag.ts';
import { route } from '../route.ts';
import { ifMatchHeaders, ifNoneMatchHeaders, optionalIfMatchHeaders } from '../schemas/etag.ts';
import { idParams, pageSchema } from '../schemas/id.ts';
import {
  newWorkItemBody,
  workItemChangeBody,
  workItemListQuery,
  workItemSchema,
  workItemStatisticsSchema,
} from '../schemas/work-item.ts';

const tag = 'work items';
const what = 'work item';

/** Units of work: records that people and programs keep, and those that executions move. */
export function workItemRoutes(app: FastifyInstance): void {
  creating(app);
  listing(app);
  reading(app);
  changing(app);
  removing(app);
}

function creating(app: FastifyInstance): void {
  route(app, {
    method: 'POST',
    url: '/work-items',
    operationId: 'createWorkItem',
    summary: 'Keep a work item',
    description: 'A record only: nothing runs by it. `ready`, or `blocked` while one it depends on is not completed.',
    tag,
    scope: 'write',
    body: newWorkItemBody,
    answers: { 201: workItemSchema },
    handle: async ({ body, reply, squadra }) => {
      const item = await squadra.workItems.create(body);
      return send(reply.code(201).header('location', `/api/v1/work-items/${item.id}`), item);
    },
  });
}

function listing(app: FastifyInstance): void {
  route(app, {
    method: 'GET',
    url: '/work-items',
    operationId: 'listWorkItems',
    summary: 'Work items, by priority (high first), then age',
    tag,
    scope: 'read',
    query: workItemListQuery,
    answers: { 200: pageSchema(workItemSchema) },
    handle: async ({ query, squadra }) => {
      const { items, nextCursor } = await squadra.workItems.list(query);
      return { items: items.map(workItemDocument), nextCursor };
    },
  });
  route(app, {
    method: 'GET',
    url: '/work-items/stats',
    operationId: 'workItemStatistics',
    summary: 'How many work items there are, by status and by member',
    tag,
    scope: 'read',
    answers: { 200: workItemStatisticsSchema },
    handle: ({ squadra }) => squadra.workItems.statistics(),
  });
}

function reading(app: FastifyInstance): void {
  route(app, {
    method: 'GET',
    url: '/work-items/:id',
    operationId: 'getWorkItem',
    summary: 'A work item',
    tag,
    scope: 'read',
    params: idParams,
    headers: ifNoneMatchHeaders,
    answers: { 200: workItemSchema, 304: null },
    handle: async ({ params, request, reply, squadra }) =>
      sendVersioned(request, reply, workItemDocument(await squadra.workItems.get(params.id))),
  });
}

function changing(app: FastifyInstance): void {
  route(app, {
    method: 'PATCH',
    url: '/work-items/:id',
    operationId: 'updateWorkItem',
    summary: 'Change a work item, or move it to another status',
    description:
      'Completing an item readies what waited for it; failing or cancelling it cancels what depends on it. Of an item that an execution owns only `metadata` and `priority` can be changed.',
    tag,
    scope: 'write',
    params: idParams,
    headers: ifMatchHeaders,
    body: workItemChangeBody,
    answers: { 200: workItemSchema },
    problems: [409, 412, 428],
    handle: async ({ params, body, request, reply, squadra }) => {
      const item = await squadra.workItems.amend(params.id, body, ({ version }) =>
        checkCondition(requireIfMatch(request), version, what),
      );
      return send(reply, item);
    },
  });
}

function removing(app: FastifyInstance): void {
  route(app, {
    method: 'DELETE',
    url: '/work-items/:id',
    operationId: 'deleteWorkItem',
    summary: 'Remove a work item',
    description:
      'What depends on it is cancelled, unless it is completed. One that an execution owns cannot be removed.',
    tag,
    scope: 'write',
    params: idParams,
    headers: optionalIfMatchHeaders,
    answers: { 204: null },
    problems: [409, 412],
    handle: async ({ params, request, reply, squadra }) => {
      const condition = readIfMatch(request);
      if (condition === null) await squadra.workItems.remove(params.id);
      else await squadra.workItems.discard(params.id, ({ version }) => checkCondition(condition, version, what));
      return reply.code(204).send();
    },
  });
}

function send(reply: FastifyReply, item: WorkItem): FastifyReply {
  return reply.header('etag', etagOf(item.version)).send(workItemDocument(item));
}
