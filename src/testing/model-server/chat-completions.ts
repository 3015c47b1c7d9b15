import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { ModelBehaviour, ServedToolCall } from './behaviour.ts';
import type { ReceivedCall, ServedCall } from './served-call.ts';

/** What was asked last, whatever is wrong with the rest of the body. */
export function lastUserMessage({ body }: ReceivedCall): string {
  try {
    const { messages } = JSON.parse(body) as { messages: { role: string; content: unknown }[] };
    const content = messages.findLast((message) => message.role === 'user')?.content;
    return typeof content === 'string' ? content : JSON.stringify(content ?? '');
  } catch {
    return '';
  }
}

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

function retryHeaders(retryAfter: string | undefined): Record<string, string> {
  if (retryAfter === undefined) return {};
  return retryAfter.endsWith('ms') ? { 'retry-after-ms': retryAfter.slice(0, -2) } : { 'retry-after': retryAfter };
}

/** Streams a whole answer, or as much of one as the behaviour allows. */
export async function stream(served: ServedCall, behaviour: ModelBehaviour): Promise<void> {
  const { call, response } = served;
  const toolCalls = toolCallsOf(call, behaviour);
  const text = toolCalls.length > 0 ? (behaviour.text ?? '') : (behaviour.text ?? echo(call));
  const deltas = [...textDeltas(text, behaviour.chunks ?? 20), ...toolDeltas(toolCalls)];
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
  if (behaviour.usage !== false)
    send(response, { choices: [], usage: usageOf(call, text + JSON.stringify(toolCalls).slice(2)) });
  served.complete('data: [DONE]\n\n');
}

function echo(call: ReceivedCall): string {
  return `You said: ${lastUserMessage(call).slice(0, 200)}\n${'All of it was read. '.repeat(20)}`;
}

/** The calls to ask for now: none once the conversation has had its rounds of them. */
function toolCallsOf(
  call: ReceivedCall,
  { toolCalls, call: names, rounds = 1 }: ModelBehaviour,
): readonly ServedToolCall[] {
  const round = toolRounds(call) + 1;
  if (round > rounds) return [];
  const named = (names?.split(',') ?? []).map((name, index) => ({
    name,
    arguments: JSON.stringify({ round, place: index + 1 }),
  }));
  return [...(toolCalls ?? []), ...named];
}

/** How many answers of the conversation so far called tools. */
function toolRounds({ body }: ReceivedCall): number {
  const { messages } = JSON.parse(body) as { messages: { role: string; tool_calls?: unknown }[] };
  return messages.filter(({ role, tool_calls: calls }) => role === 'assistant' && calls !== undefined).length;
}

function textDeltas(text: string, chunks: number): object[] {
  if (text === '') return [];
  const width = Math.ceil(text.length / chunks);
  return Array.from({ length: chunks }, (_, index) => ({ content: text.slice(index * width, (index + 1) * width) }));
}

/** Side by side as providers send parallel calls: all names, then the arguments of all in turns. */
function toolDeltas(calls: readonly ServedToolCall[]): object[] {
  const pieces = calls.flatMap(({ arguments: text }, index) => [
    { index, at: 1, text: text.slice(0, Math.ceil(text.length / 2)) },
    { index, at: 2, text: text.slice(Math.ceil(text.length / 2)) },
  ]);
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

function usageOf(call: ReceivedCall, text: string): object {
  const prompt = Math.ceil(call.body.length / 4);
  const completion = Math.ceil(text.length / 4);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: Math.floor(prompt / 2) },
    completion_tokens_details: { reasoning_tokens: Math.floor(completion / 4) },
  };
}
