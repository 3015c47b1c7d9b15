import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { HttpParts } from '../http-parts.ts';
import { pageOfAll } from '../listing.ts';
import { route } from '../route.ts';
import { meSchema, roleSchema, templateSchema, workflowSchema } from '../schemas/catalogue.ts';
import { pageQuery, pageSchema } from '../schemas/id.ts';

const tag = 'catalogue';
const query = z.strictObject(pageQuery);
const nameOf = ({ name }: { readonly name: string }): string => name;

/** What squads and executions can be made from, and who asks. */
export function catalogueRoutes(app: FastifyInstance, { catalogue }: HttpParts): void {
  const roles = catalogue.roles.map(({ name, title, specializations, prompt }) => ({
    name,
    title,
    specializations: specializations.map(nameOf),
    prompt,
  }));
  const templates = catalogue.templates.map(({ name, description, members }) => ({ name, description, members }));
  route(app, {
    method: 'GET',
    url: '/roles',
    operationId: 'listRoles',
    summary: 'List the roles a member can have, with what they are told',
    tag,
    scope: 'read',
    query,
    answers: { 200: pageSchema(roleSchema) },
    handle: (call) => pageOfAll(roles, nameOf, call.query),
  });
  route(app, {
    method: 'GET',
    url: '/templates',
    operationId: 'listTemplates',
    summary: 'List the templates of squads',
    description: 'Each is a squad of that name too, made when it is first used.',
    tag,
    scope: 'read',
    query,
    answers: { 200: pageSchema(templateSchema) },
    handle: (call) => pageOfAll(templates, nameOf, call.query),
  });
  route(app, {
    method: 'GET',
    url: '/workflows',
    operationId: 'listWorkflows',
    summary: 'List the workflows that can be run',
    tag,
    scope: 'read',
    query,
    answers: { 200: pageSchema(workflowSchema) },
    handle: (call) => pageOfAll(call.squadra.describeWorkflows(), nameOf, call.query),
  });
  route(app, {
    method: 'GET',
    url: '/me',
    operationId: 'getMe',
    summary: 'Who asks, and what they may do',
    tag: 'access',
    scope: 'read',
    answers: { 200: meSchema },
    handle: ({ principal: { kind, tenant, id, name, userId, scopes, expiresAt, session } }) => ({
      kind,
      signedInWith: kind === 'local' ? 'nothing' : kind === 'user' ? 'token' : session === undefined ? 'key' : 'cookie',
      tenant,
      id,
      name,
      userId,
      scopes: [...scopes],
      expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString(),
    }),
  });
}
