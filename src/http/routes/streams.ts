import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Principal } from '../../access/principal.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { eventBatches } from '../../orchestrator/events.ts';
import type { SquadraEvent } from '../../orchestrator/events.ts';
import type { Squadra } from '../../orchestrator/squadra.ts';
import type { TenantEvent } from '../../orchestrator/stored-events.ts';
import { tenantEventBatches } from '../../orchestrator/tenant-events.ts';
import type { Execution } from '../../work/execution.ts';
import type { StreamTokens } from '../auth/stream-token.ts';
import type { HttpParts } from '../http-parts.ts';
import { route } from '../route.ts';
import { idParams, timeSchema } from '../schemas/id.ts';
import { stream, token } from '../schemas/stream.ts';
import { follow, opening } from '../streams/answer.ts';
import type { StreamAnswerParts } from '../streams/answer.ts';
import { EventTexts, placeText, resumeText } from '../streams/event-text.ts';
import { UiMessage } from '../streams/ui-message.ts';
import type { UiMember } from '../streams/ui-message.ts';
import type { UiChunk } from '../streams/ui-step.ts';

export interface StreamRouteParts extends StreamAnswerParts, Pick<HttpParts, 'events'> {
  readonly streamTokens: StreamTokens;
}

const tag = 'events';
const seq = z.string().regex(/^\d{1,15}$/, 'is not the number of an event');
const cursor = z.string().min(1).max(100);
const cursorOrStart = cursor.describe('The id of the last event that is known, or `start` for all that are stored');

/** Following executions as they happen. */
export function streamRoutes(app: FastifyInstance, parts: StreamRouteParts): void {
  const texts = new EventTexts();
  executionStream(app, parts, texts);
  tenantStream(app, parts, texts);
  uiStream(app, parts);
  tokenRoute(app, parts);
}

function executionStream(app: FastifyInstance, parts: StreamRouteParts, texts: EventTexts): void {
  route(app, {
    method: 'GET',
    url: '/executions/:id/events',
    operationId: 'followExecution',
    summary: 'Follow an execution',
    description:
      'Server-sent events: every stored event (`message`, `status`, `step`) once and in order, its `seq` as the id; text as it streams (`text-so-far`, `text-delta`), without one; `done` at the end; `resume` where the client has to come again with `Last-Event-ID`.',
    tag,
    scope: 'read',
    streams: true,
    params: idParams,
    query: z.strictObject({ after: seq.exactOptional(), token }),
    headers: z.looseObject({ 'last-event-id': seq.exactOptional() }),
    answers: { 200: stream },
    handle: async ({ params, query, request, principal, reply }) => {
      await existing(parts, principal, params.id);
      const after = Number(lastEventId(request) ?? query.after ?? 0);
      const open = opening(parts, reply, principal, resumeText);
      const batches = eventBatches(parts.events, principal.tenant, params.id, { after, signal: open.signal });
      follow(parts, open, batches, (batch) => batch.map((event) => texts.textOf(event)), resumeText);
    },
  });
}

function tenantStream(app: FastifyInstance, parts: StreamRouteParts, texts: EventTexts): void {
  route(app, {
    method: 'GET',
    url: '/events',
    operationId: 'followAll',
    summary: 'Follow all executions, or those of a squad',
    description:
      'Server-sent events: every stored event once, in the order of the commits, with an opaque cursor as the id; from now on, or after the one that is given.',
    tag,
    scope: 'read',
    streams: true,
    query: z.strictObject({
      squad: z.string().min(1).max(200).exactOptional(),
      after: cursorOrStart.exactOptional(),
      token,
    }),
    headers: z.looseObject({ 'last-event-id': cursor.exactOptional() }),
    answers: { 200: stream },
    handle: async ({ query, request, principal, squadra, reply }) => {
      const { tenant } = principal;
      const squadId = query.squad === undefined ? {} : { squadId: await squadra.squadIdOf(query.squad) };
      const given = lastEventId(request) ?? query.after;
      // Checked before the answer begins. Without one the place is now, and the client is told it.
      const { stored } = parts.events;
      if (given !== undefined && given !== 'start') await stored.feed(tenant, { after: given, limit: 1 });
      const after = given ?? (await stored.feedEnd(tenant));
      const open = opening(parts, reply, principal, resumeText);
      if (given === undefined) open.write(placeText(after));
      const batches = tenantEventBatches(parts.events, tenant, { ...squadId, after, signal: open.signal });
      follow(parts, open, batches, ({ events }) => events.map((event: TenantEvent) => texts.textOf(event)), resumeText);
    },
  });
}

function uiStream(app: FastifyInstance, parts: StreamRouteParts): void {
  route(app, {
    method: 'GET',
    url: '/executions/:id/ui-stream',
    operationId: 'followAsUiMessage',
    summary: "Follow an execution as the AI SDK's `useChat` does",
    description:
      "The AI SDK's UI message stream: one message from its beginning, with a text part for what each member says, tool parts, and `data-approval` for what a person is asked.",
    tag,
    scope: 'read',
    streams: true,
    params: idParams,
    query: z.strictObject({ token }),
    answers: { 200: stream },
    handle: async ({ params, principal, squadra, reply }) => {
      const execution = await existing(parts, principal, params.id);
      const members = await membersOf(squadra, execution);
      const message = new UiMessage({ executionId: execution.id, workflow: execution.workflow, members });
      // Whoever is let go before the end asks for the whole message again.
      const open = opening(parts, reply, principal, '', { 'x-vercel-ai-ui-message-stream': 'v1' });
      open.write(chunkText(message.begin()));
      const batches = eventBatches(parts.events, principal.tenant, params.id, { signal: open.signal });
      const texts = (batch: readonly SquadraEvent[]): string[] =>
        batch.map((event) => `${chunkText(message.take(event))}${event.event === 'done' ? 'data: [DONE]\n\n' : ''}`);
      follow(parts, open, batches, texts, '');
    },
  });
}

function tokenRoute(app: FastifyInstance, { streamTokens }: StreamRouteParts): void {
  route(app, {
    method: 'POST',
    url: '/stream-tokens',
    operationId: 'createStreamToken',
    summary: 'Get a token that opens event streams',
    description:
      'For browsers: `EventSource` sends no headers, and a key does not belong into an address. The token holds for five minutes and opens event streams only, as `?token=`.',
    tag,
    scope: 'read',
    body: z.strictObject({}).nullish(),
    answers: { 201: z.object({ token: z.string(), expiresAt: timeSchema }).meta({ id: 'StreamToken' }) },
    handle: async ({ principal, reply }) => {
      const { token: text, expiresAt } = await streamTokens.issue(principal);
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({ token: text, expiresAt: new Date(expiresAt).toISOString() });
    },
  });
}

/** Where a client goes on that was connected before; checked by the schema of the headers. */
function lastEventId({ headers }: FastifyRequest): string | undefined {
  const { 'last-event-id': id } = headers;
  return typeof id === 'string' ? id : undefined;
}

/** Throws `NOT_FOUND`. */
async function existing({ events }: StreamRouteParts, { tenant }: Principal, id: string): Promise<Execution> {
  const execution = await events.stored.execution(tenant, id);
  if (execution === null) throw new SquadraError('NOT_FOUND', `There is no execution ${id}.`);
  return execution;
}

/** Names are for show: a squad that is gone leaves ids. */
async function membersOf(squadra: Squadra, { squadId }: Execution): Promise<ReadonlyMap<string, UiMember>> {
  if (squadId === null) return new Map();
  const squad = await squadra.squads.get(squadId).catch(() => null);
  return new Map((squad?.members ?? []).map(({ id, name, role }) => [id, { id, name, role }]));
}

function chunkText(chunks: readonly UiChunk[]): string {
  return chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('');
}
