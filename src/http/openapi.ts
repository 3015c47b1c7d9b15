import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';

type ApiDocument = ReturnType<typeof jsonSchemaTransformObject>;

const description = `Runs squads of AI agents as durable workflows. Errors are problems of RFC 9457 with a \`code\`;
lists are \`{ items, nextCursor }\`; times are ISO 8601 in UTC; money is in whole micro-dollars.`;

/** In the order in which a newcomer needs them. */
const tags = [
  { name: 'executions', description: 'Hand in work, see it, stop it, tell it something' },
  { name: 'events', description: 'Follow what happens, as it happens' },
  { name: 'approvals', description: 'Answer what executions ask' },
  { name: 'squads', description: 'Who does the work' },
  { name: 'catalogue', description: 'What there is to choose from' },
  { name: 'schedules', description: 'Have work begun again and again' },
  { name: 'work items', description: 'Records of work, with versions and dependencies' },
  { name: 'access', description: 'Who you are here' },
  { name: 'operations', description: 'How the process does' },
];

/** Describes every route at `/openapi.json`, to read at `/docs`. Has to come before the routes. */
export async function describeApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.1',
      info: { title: 'Squadra', version: '1', description },
      servers: [{ url: '/' }],
      tags,
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'An API key, or a token of the OIDC issuer.' },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: 'squadra_session',
            description: 'What a browser keeps after `signIn`; the name ends in `_<port>` where the address has one.',
          },
        },
      },
      security: [{ bearer: [] }, { session: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => withoutUnused(jsonSchemaTransformObject(document)),
  });
  await app.register(async (docs) => {
    docs.addHook('onRoute', (page) => void (page.config = { ...page.config, scope: 'open' }));
    await docs.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: true,
      // Without the bar that asks for another description: this one is of this server.
      uiConfig: { docExpansion: 'list', tryItOutEnabled: true, layout: 'BaseLayout' },
      theme: { title: 'Squadra: the HTTP interface' },
    });
  });
  app.get('/openapi.json', { schema: { hide: true }, config: { scope: 'open' } }, () => app.swagger());
}

/** A schema is named once for what is sent and once for what is answered; only those that something refers to are shown. */
function withoutUnused(document: ApiDocument): ApiDocument {
  if (!('components' in document)) return document;
  const { components: { schemas = {}, ...components } = {}, ...rest } = document;
  const used = new Set<string>();
  const visit = (node: unknown): void => {
    for (const [, name] of JSON.stringify(node).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (name === undefined || used.has(name)) continue;
      used.add(name);
      if (schemas[name] === undefined)
        throw new Error(`The interface's description refers to ${name}, which is not there.`);
      visit(schemas[name]);
    }
  };
  visit(rest);
  const shown = Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name)));
  return { ...document, components: { ...components, schemas: shown } } as ApiDocument;
}
