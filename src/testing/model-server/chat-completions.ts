import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { ModelBehaviour } from './behaviour.ts';
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
  const text =
    behaviour.text ?? `You said: ${lastUserMessage(call).slice(0, 200)}\n${'All of it was read. '.repeat(20)}`;
  const chunks = behaviour.chunks ?? 20;
  const width = Math.ceil(text.length / chunks);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let index = 0; index < chunks; index += 1) {
    if (index === Math.floor(chunks / 2) && misbehave(served, behaviour)) return;
    if (behaviour.paceMs !== undefined) await pause(behaviour.paceMs);
    if (response.destroyed) return;
    const content = text.slice(index * width, (index + 1) * width);
    send(response, { choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }] });
  }
  send(response, { choices: [{ index: 0, delta: {}, finish_reason: behaviour.finishReason ?? 'stop' }] });
  if (behaviour.usage !== false) send(response, { choices: [], usage: usageOf(call, text) });
  served.complete('data: [DONE]\n\n');
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
