import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Principal, Scope } from '../access/principal.ts';
import type { TopicSet } from '../orchestrator/pulse/pulse-topic.ts';
import type { Squadra } from '../orchestrator/squadra.ts';
import { problemSchema } from './schemas/problem.ts';
import { answerShared, mayBeShared } from './sharing.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks. Set before the handler of every route that is not open. */
    principal: Principal | null;
    /** Squadra as the asker's tenant sees it. */
    squadra: Squadra | null;
  }
  interface FastifyContextConfig {
    /** Who may call it: `open` is for everybody. */
    scope?: RouteScope;
    /** Whether it takes in new work, and is refused first when the process is under pressure. */
    admitsWork?: boolean;
    /** Whether its answer is a stream of events, which may be opened with a stream token. */
    streams?: boolean;
    /** Whether requests to it count for no limit: what supervisors ask. */
    isUncounted?: boolean;
    /** Whether a key stands in its body: a wrong one counts as one in a header does. */
    takesKey?: boolean;
    /** Whether programs on this machine may ask without a key. */
    isForThisMachine?: boolean;
  }
}

export type RouteScope = Scope | 'open';

/** One request, checked. */
export interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly principal: Principal;
  readonly squadra: Squadra;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** A route with all that is to be known of it: what it takes, what it answers, who may call it. */
export interface RouteDefinition<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  /** Unique; the name of the client's method. */
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  readonly scope: RouteScope;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly headers?: z.ZodType;
  /** By status: what the answer looks like. Null for an empty one. */
  readonly answers: Readonly<Record<number, z.ZodType | null>>;
  /** Of what it answers with 200, where that is not JSON. */
  readonly contentTypes?: readonly string[];
  /** The statuses of its problems, beside those that every route has. */
  readonly problems?: readonly number[];
  readonly admitsWork?: boolean;
  readonly streams?: boolean;
  readonly isUncounted?: boolean;
  readonly takesKey?: boolean;
  /**
   * The topics without whose change its answer stays the same, where that depends on the tenant and the address alone and `handle`
   * only returns it: those who take an answer that is a second old are then told the same.
   */
  readonly changesWith?: TopicSet;
  readonly handle: (call: Call<z.output<Params>, z.output<Query>, z.output<Body>>) => unknown;
}

const noFields = z.strictObject({});

/** Adds a route. An answer with another status than 200 is sent with `reply.code`. */
export function route<
  Params extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = typeof noFields,
  Body extends z.ZodType = z.ZodUndefined,
>(app: FastifyInstance, definition: RouteDefinition<Params, Query, Body>): void {
  const { method, url, operationId, summary, description, tag, scope, params, body, headers, handle } = definition;
  const { query = noFields, admitsWork = false, streams = false, isUncounted = false, takesKey = false } = definition;
  const { changesWith } = definition;
  app.route({
    method,
    url,
    config: { scope, admitsWork, streams, isUncounted, takesKey },
    // What an open stream would keep of it is the half of what it holds: `app` adds the same headers in one piece.
    ...(streams ? { helmet: false } : {}),
    // HEAD would answer of things that only GET was documented for.
    exposeHeadRoute: false,
    schema: {
      operationId,
      summary,
      ...(description === undefined ? {} : { description }),
      tags: [tag],
      ...(scope === 'open' ? { security: [] } : {}),
      ...(params === undefined ? {} : { params }),
      querystring: query,
      ...(body === undefined ? {} : { body }),
      ...(headers === undefined ? {} : { headers }),
      response: responses(definition),
    },
    handler: (request, reply) => {
      const call = callOf<z.output<Params>, z.output<Query>, z.output<Body>>(request, reply);
      if (changesWith === undefined || !mayBeShared(request)) return handle(call);
      return answerShared(request, reply, call.principal, changesWith, () => handle(call));
    },
  });
}

/** To be called with what was checked against the schemas of its route. */
function callOf<Params, Query, Body>(request: FastifyRequest, reply: FastifyReply): Call<Params, Query, Body> {
  return {
    params: request.params as Params,
    query: request.query as Query,
    body: request.body as Body,
    get principal() {
      return present(request.principal);
    },
    get squadra() {
      return present(request.squadra);
    },
    request,
    reply,
  };
}

function present<T>(value: T | null): T {
  if (value === null) throw new Error('Unreachable: only open routes have nobody who asks, and they ask for nobody.');
  return value;
}

/** What any route may answer: bad input, too much of it, nobody known, not allowed, too often, not now. */
const everywhere = [400, 429, 503];
const guarded = [401, 403];

function responses({
  answers,
  problems = [],
  scope,
  params,
  method,
  streams = false,
  contentTypes = streams ? ['text/event-stream'] : [],
}: Pick<
  RouteDefinition<z.ZodType, z.ZodType, z.ZodType>,
  'answers' | 'problems' | 'scope' | 'params' | 'method' | 'streams' | 'contentTypes'
>) {
  const statuses = new Set([
    ...everywhere,
    ...(scope === 'open' ? [] : guarded),
    ...(params === undefined ? [] : [404]),
    // What comes with a request that takes no body is looked at all the same, but for those that read.
    ...(method === 'GET' ? [] : [413, 415]),
    ...problems,
  ]);
  return {
    ...Object.fromEntries(
      [...statuses].map((status) => [
        status,
        { description: 'A problem', content: { 'application/problem+json': { schema: problemSchema } } },
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(answers).map(([status, schema]) => [
        status,
        contentTypes.length === 0
          ? (schema ?? z.undefined().describe('Nothing'))
          : {
              description: streams ? 'Events as they happen' : 'As it is',
              content: Object.fromEntries(contentTypes.map((type) => [type, { schema }])),
            },
      ]),
    ),
  };
}
