import { createParser } from 'eventsource-parser';
import type { Client } from './client.ts';

/** The part of a UI message that a request is made of. */
interface ChatMessage {
  readonly id: string;
  readonly role: string;
  readonly parts: readonly { readonly type: string; readonly text?: string }[];
}

interface SendOptions {
  readonly chatId: string;
  readonly messages: readonly ChatMessage[];
  readonly abortSignal: AbortSignal | undefined;
}

export interface ChatTransportOptions {
  /** Who answers: a squad's name or id; `software` where nothing is said. */
  readonly squad?: string;
  /** How they work: a workflow that takes `{ message }`; `pipeline` where nothing is said. */
  readonly workflow?: string;
  /** Where the execution of a chat is remembered, so that a page that was loaded again finds it: `sessionStorage` will do. */
  readonly memory?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
}

/** What `useChat` of the AI SDK takes as its `transport`; its chunks are those of the SDK's UI message stream. */
export interface SquadraChatTransport<Chunk> {
  sendMessages(options: SendOptions): Promise<ReadableStream<Chunk>>;
  /** The answer of a chat whose execution is known, from its beginning; null where none is. */
  reconnectToStream(options: { readonly chatId: string }): Promise<ReadableStream<Chunk> | null>;
  readonly resumeStreamIsReplay: true;
}

/**
 * Lets `useChat` talk to a squad: each message of the user is an execution, its answer is what the members say.
 *
 * ```tsx
 * const transport = chatTransport(createClient({ url }), { squad: 'software', memory: sessionStorage });
 * const chat = useChat({ id: 'first', transport, resume: true });
 * ```
 */
export function chatTransport<Chunk = never>(
  client: Client,
  options: ChatTransportOptions = {},
): SquadraChatTransport<Chunk> {
  const { memory, ...who } = options;
  const executions = new Map<string, string>();
  const place = (chatId: string): string => `squadra-chat-${chatId}`;
  return {
    resumeStreamIsReplay: true,
    sendMessages: async ({ chatId, messages, abortSignal }) => {
      const asked = messages.findLast(({ role }) => role === 'user');
      const message = (asked?.parts ?? [])
        .flatMap(({ type, text }) => (type === 'text' ? [text ?? ''] : []))
        .join('\n');
      // The message's id makes a request that is sent again the same request.
      const key = asked === undefined ? {} : { idempotencyKey: `chat-${chatId}-${asked.id}` };
      const { id } = await client.submit({ ...who, message, metadata: { chatId } }, { ...key, signal: abortSignal });
      executions.set(chatId, id);
      memory?.setItem(place(chatId), id);
      return chunksOf<Chunk>(await client.openUiStream(id, abortSignal));
    },
    reconnectToStream: async ({ chatId }) => {
      const id = executions.get(chatId) ?? memory?.getItem(place(chatId)) ?? null;
      return id === null ? null : chunksOf<Chunk>(await client.openUiStream(id));
    },
  };
}

/** The chunks of an answer in the AI SDK's protocol, which ends with `[DONE]`. */
function chunksOf<Chunk>(answer: Response): ReadableStream<Chunk> {
  if (answer.body === null) throw new Error('The answer has no body.');
  return answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(parsing<Chunk>());
}

function parsing<Chunk>(): TransformStream<string, Chunk> {
  let emit: (chunk: Chunk) => void = () => {};
  const parser = createParser({
    onEvent: ({ data }) => {
      // The protocol says what a chunk is; the SDK checks each.
      if (data !== '[DONE]') emit(JSON.parse(data) as Chunk);
    },
  });
  return new TransformStream({
    start: (controller) => void (emit = (chunk) => controller.enqueue(chunk)),
    transform: (text) => parser.feed(text),
  });
}
