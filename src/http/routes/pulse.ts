import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { topicsOf } from '../../orchestrator/pulse/pulse-topic.ts';
import type { TopicSet } from '../../orchestrator/pulse/pulse-topic.ts';
import type { HttpParts } from '../http-parts.ts';
import { route } from '../route.ts';
import { stream, token } from '../schemas/stream.ts';
import { follow, opening } from '../streams/answer.ts';
import type { StreamAnswerParts } from '../streams/answer.ts';
import { resumeText } from '../streams/event-text.ts';

export type PulseRouteParts = StreamAnswerParts & Pick<HttpParts, 'pulses'>;

/** What changed, for pages that read it again. */
export function pulseRoute(app: FastifyInstance, parts: PulseRouteParts): void {
  route(app, {
    method: 'GET',
    url: '/pulse',
    operationId: 'followPulse',
    summary: 'Hear what to read again',
    description:
      'Server-sent events for pages that show lists and sums: `pulse` with the topics that have changed, once a second at most and never without a change. The first names all topics, so whoever comes again misses nothing.',
    tag: 'events',
    scope: 'read',
    streams: true,
    query: z.strictObject({ token }),
    answers: { 200: stream },
    handle: ({ principal, reply }) => {
      const open = opening(parts, reply, principal, resumeText);
      const pulses = parts.pulses.follow(principal.tenant, open.signal);
      follow(parts, open, pulses, (changed) => [pulseText(changed)], resumeText);
    },
  });
}

function pulseText(changed: TopicSet): string {
  return `event: pulse\ndata: ${JSON.stringify({ topics: topicsOf(changed) })}\n\n`;
}
