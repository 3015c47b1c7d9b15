import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../access/principal.ts';
import type { TopicSet } from '../orchestrator/pulse/pulse-topic.ts';
import type { SharedAnswers } from '../orchestrator/pulse/shared-answers.ts';

declare module 'fastify' {
  interface FastifyInstance {
    readonly sharedAnswers: SharedAnswers;
  }
}

/** An answer of which the asker takes what is a second old (RFC 9111, section 5.2.1.1); without it, all is read anew. */
const takesSecondOld = /^max-age=[1-9]\d{0,9}$/;
/** Of an address that is remembered. */
const longestAddress = 1_024;

/** Lets answers be shared, and has whoever changes something find it in what they read next. */
export function shareAnswers(app: FastifyInstance, answers: SharedAnswers): void {
  app.decorate('sharedAnswers', answers);
  // Before the first byte of the answer leaves; with callbacks, because every request comes by.
  app.addHook('onSend', ({ method, principal }, _reply, _payload, done) => {
    if (method !== 'GET' && principal !== null) answers.changed(principal.tenant, principal.id);
    done();
  });
}

/** Whether the asker may be told what somebody else of the tenant was told a moment ago. */
export function mayBeShared({ headers, url }: FastifyRequest): boolean {
  return takesSecondOld.test(headers['cache-control'] ?? '') && url.length <= longestAddress;
}

/** Answers with what `handle` gives, or gave somebody else of the tenant: the same bytes. */
export async function answerShared(
  request: FastifyRequest,
  reply: FastifyReply,
  { tenant, id }: Principal,
  topics: TopicSet,
  handle: () => unknown,
): Promise<string> {
  const question = { tenant, asker: id, name: request.url, topics };
  const text = await request.server.sharedAnswers.ask(question, async () => JSON.stringify(await handle()));
  reply.header('content-type', 'application/json; charset=utf-8');
  return text;
}
