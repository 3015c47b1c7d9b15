import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { Principal } from '../../access/principal.ts';
import type { HttpParts } from '../http-parts.ts';
import type { EventStream } from './event-stream.ts';
import { pump } from './pump.ts';
import type { Streams } from './streams.ts';

/** What answering with a stream takes. */
export interface StreamAnswerParts extends Pick<HttpParts, 'logger'> {
  readonly streams: Streams;
}

/** From here on the answer is a stream; what fails before is a problem. */
export function opening(
  { streams }: StreamAnswerParts,
  reply: FastifyReply,
  principal: Principal,
  farewell: string,
  more: Readonly<Record<string, string>> = {},
): EventStream {
  streams.admit(principal);
  reply.hijack();
  const headers = {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    connection: 'close',
    ...more,
  };
  return streams.open({ response: reply.raw, principal, headers, farewell });
}

/** Has a stream told all that comes; what fails that nobody foresaw is logged. */
export function follow<T>(
  { logger }: StreamAnswerParts,
  open: EventStream,
  batches: AsyncIterable<T>,
  texts: (batch: T) => Iterable<string>,
  farewell: string,
): void {
  pump(open, batches, texts, farewell).catch((error: unknown) => {
    logger.error({ error }, 'An event stream ended unexpectedly.');
  });
}
