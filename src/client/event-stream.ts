import { createParser } from 'eventsource-parser';
import type { EventSourceMessage } from 'eventsource-parser';
import { ProblemError } from './problem-error.ts';
import { isPassing, sleep } from './transport.ts';
import type { Transport } from './transport.ts';

/** One event as it came: `id` is that of stored events, null of others. */
export interface StreamEvent {
  readonly event: string;
  readonly id: string | null;
  readonly data: unknown;
}

export interface StreamOptions {
  /** The id of the last event that is known already. */
  readonly after?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const firstPauseMs = 250;
const maxPauseMs = 10_000;

/**
 * Every event of an address until `done`. A connection that is lost, or closed because we were too slow, is opened again
 * after the last event that came, so that each stored event comes once and in order.
 */
export async function* readEvents(
  transport: Transport,
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  { after, signal }: StreamOptions,
): AsyncGenerator<StreamEvent, void, void> {
  let last = after;
  for (let failures = 0; ; failures++) {
    try {
      const headers = { accept: 'text/event-stream', ...(last === undefined ? {} : { 'last-event-id': last }) };
      const answer = await transport.open(path, { headers, query, signal });
      for await (const event of eventsOf(answer)) {
        failures = 0;
        if (event.id !== null) last = event.id;
        if (event.event === 'resume') break;
        yield event;
        if (event.event === 'done') return;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof ProblemError && !isPassing(error.status)) throw error;
    }
    await sleep(Math.min(firstPauseMs * 2 ** failures, maxPauseMs), signal);
  }
}

async function* eventsOf(answer: Response): AsyncGenerator<StreamEvent, void, void> {
  const { body } = answer;
  if (body === null) return;
  const arrived: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => void arrived.push(message) });
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      parser.feed(value);
      for (const { event = 'message', id = null, data } of arrived.splice(0))
        yield { event, id, data: JSON.parse(data) as unknown };
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
