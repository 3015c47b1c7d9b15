import { z } from 'zod';

const toolCall = z.strictObject({
  name: z.string(),
  /** Sent as it is, so that broken JSON can be sent too. */
  arguments: z.string(),
  id: z.string().exactOptional(),
});

/** A tool call as it is sent. */
export type ServedToolCall = Readonly<z.infer<typeof toolCall>>;

const behaviour = z.strictObject({
  /** An HTTP status other than 200 is answered with an error in OpenAI's shape. */
  status: z.coerce.number().exactOptional(),
  /** The `code` and the `message` of that error. */
  errorCode: z.string().exactOptional(),
  errorMessage: z.string().exactOptional(),
  /** The header `Retry-After`; with `ms` behind the number, the header `Retry-After-Ms`. */
  retryAfter: z.string().exactOptional(),
  /** Before the first byte, in milliseconds. */
  latencyMs: z.coerce.number().exactOptional(),
  /** Between two chunks, in milliseconds. */
  paceMs: z.coerce.number().exactOptional(),
  chunks: z.coerce.number().exactOptional(),
  /** The answer; made of the question where absent, and nothing beside tool calls. */
  text: z.string().exactOptional(),
  /** An answer of so many characters, all on one line. */
  textLength: z.coerce.number().exactOptional(),
  /** Asks for these tool calls, all in one answer and streamed side by side. */
  toolCalls: z.array(toolCall).exactOptional(),
  /** The same by name: `call=look,note` asks for two, with `{"round":1,"place":1}` and so on as arguments. */
  call: z.string().exactOptional(),
  /** In how many answers of a conversation tools are called before the last one is text; 1 where absent. */
  rounds: z.coerce.number().exactOptional(),
  /** Says nothing more: before the head, or after half of the chunks. */
  hang: z.enum(['before', 'inside']).exactOptional(),
  /** After half of the chunks: `socket` breaks the connection, `clean` ends the stream as if nothing were missing. */
  cut: z.enum(['socket', 'clean']).exactOptional(),
  /** Sends one line in the middle that is no JSON. */
  broken: z.stringbool().exactOptional(),
  /** Sends an error inside the stream, after half of the chunks. */
  streamError: z.string().exactOptional(),
  usage: z.stringbool().exactOptional(),
  finishReason: z.string().exactOptional(),
  /** Applies to the first attempts of a call only; later ones get the defaults. */
  times: z.coerce.number().exactOptional(),
});

/** What the model server does with one call. Everything has a default: a whole answer in twenty chunks. */
export type ModelBehaviour = Readonly<z.infer<typeof behaviour>>;

/** What a message asks for: `[[server status=429 retryAfter=2 times=1]]`; null when it asks for nothing. */
export function readDirective(message: string): ModelBehaviour | null {
  const text = /\[\[server (?<pairs>[^\]]+)\]\]/.exec(message)?.groups?.pairs;
  if (text === undefined) return null;
  return behaviour.parse(
    Object.fromEntries(
      text
        .trim()
        .split(/\s+/)
        .map((pair) => pair.split('=', 2)),
    ),
  );
}
