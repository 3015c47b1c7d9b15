import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { SquadraError } from '../../kernel/errors.ts';
import type { Member, Squad } from '../../squads/squad.ts';
import type { HttpParts } from '../http-parts.ts';
import { checkCondition, etagOf, readIfMatch, requireIfMatch, sendTagged, sendVersioned } from '../etag.ts';
import { pageOfAll } from '../listing.ts';
import { route } from '../route.ts';
import { ifMatchHeaders, ifNoneMatchHeaders, optionalIfMatchHeaders } from '../schemas/etag.ts';
import { idParams, pageQuery, pageSchema } from '../schemas/id.ts';
import { memberChangeBody, memberDocument, memberParams, memberSchema, newMemberBody } from '../schemas/member.ts';

const tag = 'squads';

/**
 * The members of a squad. A member has a version of its own, which conditions on it are about; the list has that of the squad,
 * which moves with every member. Changes never reach executions under way: those keep the members they were submitted with.
 */
export function memberRoutes(app: FastifyInstance, _parts: HttpParts): void {
  collectionRoutes(app);
  itemRoutes(app);
}

function collectionRoutes(app: FastifyInstance): void {
  route(app, {
    method: 'GET',
    url: '/squads/:id/members',
    operationId: 'listMembers',
    summary: 'List the members of a squad, in their order',
    tag,
    scope: 'read',
    params: idParams,
    query: z.strictObject(pageQuery),
    headers: ifNoneMatchHeaders,
    answers: { 200: pageSchema(memberSchema), 304: null },
    handle: async ({ params: { id }, query, squadra, request, reply }) => {
      const { members, version } = await squadra.squads.get(id);
      return sendTagged(
        request,
        reply,
        version,
        pageOfAll(members.map(memberDocument), (member) => member.id, query),
      );
    },
  });
  route(app, {
    method: 'POST',
    url: '/squads/:id/members',
    operationId: 'addMember',
    summary: 'Add a member to a squad',
    description: 'Answers with the member. A condition is about the version of the squad.',
    tag,
    scope: 'write',
    params: idParams,
    headers: optionalIfMatchHeaders,
    body: newMemberBody,
    answers: { 201: memberSchema },
    problems: [412],
    handle: async ({ params: { id }, body, squadra, request, reply }) => {
      const squad = await squadra.squads.amend(id, ({ version }) => {
        checkCondition(readIfMatch(request), version, 'squad');
        return { change: 'add-member', member: body };
      });
      const member = lastOf(squad);
      reply.code(201).header('location', `/api/v1/squads/${id}/members/${member.id}`);
      reply.header('etag', etagOf(member.version));
      return memberDocument(member);
    },
  });
}

function itemRoutes(app: FastifyInstance): void {
  route(app, {
    method: 'GET',
    url: '/squads/:id/members/:memberId',
    operationId: 'getMember',
    summary: 'Read a member of a squad',
    tag,
    scope: 'read',
    params: memberParams,
    headers: ifNoneMatchHeaders,
    answers: { 200: memberSchema, 304: null },
    handle: async ({ params: { id, memberId }, squadra, request, reply }) =>
      sendVersioned(request, reply, memberDocument(findMember(await squadra.squads.get(id), memberId))),
  });
  route(app, {
    method: 'PATCH',
    url: '/squads/:id/members/:memberId',
    operationId: 'updateMember',
    summary: 'Change a member of a squad',
    tag,
    scope: 'write',
    params: memberParams,
    headers: ifMatchHeaders,
    body: memberChangeBody,
    answers: { 200: memberSchema },
    problems: [412, 428],
    handle: async ({ params: { id, memberId }, body, squadra, request, reply }) => {
      const squad = await squadra.squads.amend(id, (stored) => {
        const { version } = findMember(stored, memberId);
        checkCondition(requireIfMatch(request), version, 'member');
        return { change: 'update-member', memberId, member: body };
      });
      const member = findMember(squad, memberId);
      reply.header('etag', etagOf(member.version));
      return memberDocument(member);
    },
  });
  route(app, {
    method: 'DELETE',
    url: '/squads/:id/members/:memberId',
    operationId: 'deleteMember',
    summary: 'Take a member out of a squad that has others',
    tag,
    scope: 'write',
    params: memberParams,
    headers: optionalIfMatchHeaders,
    answers: { 204: null },
    problems: [412],
    handle: async ({ params: { id, memberId }, squadra, request, reply }) => {
      await squadra.squads.amend(id, (stored) => {
        const { version } = findMember(stored, memberId);
        checkCondition(readIfMatch(request), version, 'member');
        return { change: 'remove-member', memberId };
      });
      return reply.code(204).send();
    },
  });
}

function findMember({ members }: Squad, memberId: string): Member {
  const found = members.find(({ id }) => id === memberId);
  if (found === undefined) throw new SquadraError('NOT_FOUND', `The squad has no member ${memberId}.`);
  return found;
}

/** New members go to the end. */
function lastOf({ members }: Squad): Member {
  const last = members.at(-1);
  if (last === undefined) throw new Error('Unreachable: a squad has at least one member.');
  return last;
}
