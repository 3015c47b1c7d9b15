import type { FastifyInstance } from 'fastify';
import type { HttpParts } from '../http-parts.ts';
import { checkCondition, etagOf, readIfMatch, requireIfMatch, sendVersioned } from '../etag.ts';
import { route } from '../route.ts';
import { ifMatchHeaders, ifNoneMatchHeaders, optionalIfMatchHeaders } from '../schemas/etag.ts';
import { idParams, pageSchema } from '../schemas/id.ts';
import { newSquadBody, squadChangeBody, squadDocument, squadListQuery, squadSchema } from '../schemas/squad.ts';

const tag = 'squads';
const params = idParams;

/** Squads: made from a template or members, read, changed and removed. An execution keeps the squad as it was submitted with. */
export function squadRoutes(app: FastifyInstance, _parts: HttpParts): void {
  collectionRoutes(app);
  itemRoutes(app);
}

function collectionRoutes(app: FastifyInstance): void {
  route(app, {
    method: 'POST',
    url: '/squads',
    operationId: 'createSquad',
    summary: 'Create a squad',
    description: 'From a template, from members, or from both: those of the template come first.',
    tag,
    scope: 'write',
    body: newSquadBody,
    answers: { 201: squadSchema },
    problems: [409],
    handle: async ({ body, squadra, reply }) => {
      const squad = await squadra.squads.create(body);
      reply.code(201).header('location', `/api/v1/squads/${squad.id}`).header('etag', etagOf(squad.version));
      return squadDocument(squad);
    },
  });
  route(app, {
    method: 'GET',
    url: '/squads',
    operationId: 'listSquads',
    summary: 'List squads, newest first',
    tag,
    scope: 'read',
    query: squadListQuery,
    answers: { 200: pageSchema(squadSchema) },
    handle: async ({ query, squadra }) => {
      const { items, nextCursor } = await squadra.squads.list(query);
      return { items: items.map(squadDocument), nextCursor };
    },
  });
}

function itemRoutes(app: FastifyInstance): void {
  route(app, {
    method: 'GET',
    url: '/squads/:id',
    operationId: 'getSquad',
    summary: 'Read a squad with its members',
    tag,
    scope: 'read',
    params,
    headers: ifNoneMatchHeaders,
    answers: { 200: squadSchema, 304: null },
    handle: async ({ params: { id }, squadra, request, reply }) =>
      sendVersioned(request, reply, squadDocument(await squadra.squads.get(id))),
  });
  route(app, {
    method: 'PATCH',
    url: '/squads/:id',
    operationId: 'updateSquad',
    summary: 'Change the name or the description of a squad',
    tag,
    scope: 'write',
    params,
    headers: ifMatchHeaders,
    body: squadChangeBody,
    answers: { 200: squadSchema },
    problems: [409, 412, 428],
    handle: async ({ params: { id }, body, squadra, request, reply }) => {
      const squad = await squadra.squads.amend(id, ({ version }) => {
        checkCondition(requireIfMatch(request), version, 'squad');
        return { change: 'update', ...body };
      });
      reply.header('etag', etagOf(squad.version));
      return squadDocument(squad);
    },
  });
  route(app, {
    method: 'DELETE',
    url: '/squads/:id',
    operationId: 'deleteSquad',
    summary: 'Delete a squad that has no open executions',
    tag,
    scope: 'write',
    params,
    headers: optionalIfMatchHeaders,
    answers: { 204: null },
    problems: [409, 412],
    handle: async ({ params: { id }, squadra, request, reply }) => {
      await squadra.squads.remove(id, ({ version }) => checkCondition(readIfMatch(request), version, 'squad'));
      return reply.code(204).send();
    },
  });
}
