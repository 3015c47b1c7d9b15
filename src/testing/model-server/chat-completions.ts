import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { answerOf, halvesOf, tokensOf, toolCallsOf } from './asked.ts';
import type { ModelBehaviour, ServedToolCall } from './behaviour.ts';
import { retryHeaders, type ServedCall } from './served-call.ts';

/** Answers with an error in OpenAI's shape. */
export function refuse(
  served: ServedCall,
  { status = 500, errorCode, errorMessage, retryAfter }: ModelBehaviour,
): void {
  const message = errorMessage ?? `The server was told to answer ${status}.`;
  const error = { message, type: 'test_error', param: null, code: errorCode ?? null };
  served.response.writeHead(status, { 'content-type': 'application/json', ...retryHeaders(retryAfter) });
  served.complete(JSON.stringify({ error }));
}

/** Streams a whole answer, or as much of one as the behaviour allows. */
export async function stream(served: ServedCall, behaviour: ModelBehaviour): Promise<void> {
  const { call, response } = served;
  const toolCalls = toolCallsOf(call, behaviour);
  const pieces = answerOf(call, behaviour, toolCalls.length > 0);
  const deltas = [...textDeltas(pieces), ...toolDeltas(toolCalls)];
  const half = Math.floor(deltas.length / 2);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const [index, delta] of deltas.entries()) {
    if (index === half && misbehave(served, behaviour)) return;
    if (behaviour.paceMs !== undefined) await pause(behaviour.paceMs);
    if (response.destroyed) return;
    send(response, { choices: [{ index: 0, delta: { role: 'assistant', ...delta }, finish_reason: null }] });
  }
  const finishReason = behaviour.finishReason ?? (toolCalls.length > 0 ? 'tool_calls' : 'stop');
  send(response, { choices: [{ index: 0, delta: {}, finish_reason: finishReason }] });
  if (behaviour.usage !== false) send(response, { choices: [], usage: usageOf(tokensOf(call, pieces, toolCalls)) });
  served.complete('data: [DONE]\n\n');
}

function textDeltas(pieces: readonly string[]): object[] {
  return pieces.map((content) => ({ content }));
}

/** Side by side as providers send parallel calls: all names, then the arguments of all in turns. */
function toolDeltas(calls: readonly ServedToolCall[]): object[] {
  const pieces = calls.flatMap(({ arguments: whole }, index) =>
    halvesOf(whole).map((text, at) => ({ index, at, text })),
  );
  return [
    ...calls.map(({ name, id }, index) =>
      toolDelta(index, { id: id ?? `call_${index + 1}`, type: 'function', function: { name, arguments: '' } }),
    ),
    ...pieces
      .toSorted((a, b) => a.at - b.at)
      .map(({ index, text }) => toolDelta(index, { function: { arguments: text } })),
  ];
}

function toolDelta(index: number, delta: object): object {
  return { tool_calls: [{ index, ...delta }] };
}

/** Does in the middle of a stream what was asked for; true when the answer ends there. */
function misbehave(served: ServedCall, { hang, cut, broken, streamError }: ModelBehaviour): boolean {
  const { response } = served;
  if (broken === true) response.write('data: {"choices": [{"delta": \n\n');
  if (streamError !== undefined) response.write(`data: ${JSON.stringify({ error: { message: streamError } })}\n\n`);
  if (cut === 'clean') served.complete('');
  // Only after what was written has left, so that the caller sees half an answer and not none.
  if (cut === 'socket') response.write(': cut\n\n', () => response.destroy());
  return hang === 'inside' || cut !== undefined;
}

function send(response: ServerResponse, chunk: object): void {
  response.write(
    `data: ${JSON.stringify({ id: 'chatcmpl-test', object: 'chat.completion.chunk', created: 1, model: 'test-model', ...chunk })}\n\n`,
  );
}

function usageOf({ input, output, cached, reasoning }: ReturnType<typeof tokensOf>): object {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}
