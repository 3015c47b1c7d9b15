import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { answerOf, halvesOf, tokensOf, toolCallsOf } from './asked.ts';
import type { ModelBehaviour, ServedToolCall } from './behaviour.ts';
import { retryHeaders, type ServedCall } from './served-call.ts';

/** What Anthropic calls an error of a status. */
const errorTypes = new Map([
  [400, 'invalid_request_error'],
  [401, 'authentication_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [529, 'overloaded_error'],
]);

/** Answers with an error in Anthropic's shape. */
export function refuseMessages(
  served: ServedCall,
  { status = 500, errorCode, errorMessage, retryAfter }: ModelBehaviour,
): void {
  const message = errorMessage ?? `The server was told to answer ${status}.`;
  const type = errorCode ?? errorTypes.get(status) ?? 'api_error';
  served.response.writeHead(status, { 'content-type': 'application/json', ...retryHeaders(retryAfter) });
  served.complete(JSON.stringify({ type: 'error', error: { type, message } }));
}

/** Streams a whole answer of Anthropic's messages protocol, or as much of one as the behaviour allows. */
export async function streamMessages(served: ServedCall, behaviour: ModelBehaviour): Promise<void> {
  const { call, response } = served;
  const toolCalls = toolCallsOf(call, behaviour);
  const pieces = answerOf(call, behaviour, toolCalls.length > 0);
  const { input, cached, output } = tokensOf(call, pieces, toolCalls);
  const isCounted = behaviour.usage !== false;
  const counts = {
    input_tokens: input - cached,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cached,
    output_tokens: 1,
  };
  const events = [
    ...textBlock(pieces),
    ...toolCalls.flatMap((one, index) => toolBlock(one, index + (pieces.length > 0 ? 1 : 0))),
  ];
  const half = Math.floor(events.length / 2);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const message = {
    id: 'msg_test',
    type: 'message',
    role: 'assistant',
    model: 'test-model',
    content: [],
    stop_reason: null,
    stop_sequence: null,
  };
  send(response, {
    type: 'message_start',
    message: { ...message, usage: isCounted ? counts : { input_tokens: 0, output_tokens: 0 } },
  });
  for (const [index, event] of events.entries()) {
    if (index === half && misbehave(served, behaviour)) return;
    if (behaviour.paceMs !== undefined) await pause(behaviour.paceMs);
    if (response.destroyed) return;
    send(response, event);
  }
  const stopReason = behaviour.finishReason ?? (toolCalls.length > 0 ? 'tool_use' : 'end_turn');
  send(response, {
    type: 'message_delta',
    delta: { stop_reason: stopReason, stop_sequence: null },
    usage: { output_tokens: isCounted ? output : 0 },
  });
  served.complete('event: message_stop\ndata: {"type":"message_stop"}\n\n');
}

function textBlock(pieces: readonly string[]): object[] {
  if (pieces.length === 0) return [];
  return [
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'ping' },
    ...pieces.map((text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
    { type: 'content_block_stop', index: 0 },
  ];
}

function toolBlock({ id, name, arguments: text }: ServedToolCall, index: number): object[] {
  return [
    {
      type: 'content_block_start',
      index,
      content_block: { type: 'tool_use', id: id ?? `toolu_${index + 1}`, name, input: {} },
    },
    ...halvesOf(text).map((half) => ({
      type: 'content_block_delta',
      index,
      delta: { type: 'input_json_delta', partial_json: half },
    })),
    { type: 'content_block_stop', index },
  ];
}

/** Does in the middle of a stream what was asked for; true when the answer ends there. */
function misbehave(served: ServedCall, { hang, cut, broken, streamError }: ModelBehaviour): boolean {
  const { response } = served;
  if (broken === true) response.write('event: content_block_delta\ndata: {"type": "content_block_delta", \n\n');
  if (streamError !== undefined)
    send(response, { type: 'error', error: { type: 'overloaded_error', message: streamError } });
  if (cut === 'clean') served.complete('');
  // Only after what was written has left, so that the caller sees half an answer and not none.
  if (cut === 'socket') response.write(': cut\n\n', () => response.destroy());
  return hang === 'inside' || cut !== undefined;
}

function send(response: ServerResponse, event: object): void {
  const type = 'type' in event ? String(event.type) : 'ping';
  response.write(`event: ${type}\ndata: ${JSON.stringify(event)}\n\n`);
}
