import type { ModelBehaviour, ServedToolCall } from './behaviour.ts';
import type { ReceivedCall } from './served-call.ts';

/** A message of either protocol, as far as the server looks at it. */
interface Message {
  readonly role: string;
  readonly content?: unknown;
  readonly tool_calls?: unknown;
}

/** What was asked last, whatever is wrong with the rest of the body. Results of tools ask nothing. */
export function lastUserMessage(call: ReceivedCall): string {
  try {
    return (
      messagesOf(call)
        .filter(({ role }) => role === 'user')
        .map(({ content }) => textOf(content))
        .findLast((text) => text !== '') ?? ''
    );
  } catch {
    return '';
  }
}

/** The answer where none was given, in pieces. */
export function answerOf(
  call: ReceivedCall,
  { text, textLength, chunks = 20 }: ModelBehaviour,
  hasToolCalls: boolean,
): readonly string[] {
  const echo = `You said: ${lastUserMessage(call).slice(0, 200)}\n${'All of it was read. '.repeat(20)}`;
  const given = text ?? (textLength === undefined ? undefined : 'x'.repeat(textLength));
  const whole = given ?? (hasToolCalls ? '' : echo);
  if (whole === '') return [];
  const width = Math.ceil(whole.length / chunks);
  return Array.from({ length: chunks }, (_, index) => whole.slice(index * width, (index + 1) * width));
}

/** The calls to ask for now: none once the conversation has had its rounds of them. */
export function toolCallsOf(
  call: ReceivedCall,
  { toolCalls, call: names, rounds = 1 }: ModelBehaviour,
): readonly ServedToolCall[] {
  const round = messagesOf(call).filter(callsTools).length + 1;
  if (round > rounds) return [];
  const named = (names?.split(',') ?? []).map((name, index) => ({
    name,
    arguments: JSON.stringify({ round, place: index + 1 }),
  }));
  return [...(toolCalls ?? []), ...named];
}

/** Arguments in two halves, as they arrive in a stream. */
export function halvesOf(text: string): readonly [string, string] {
  const half = Math.ceil(text.length / 2);
  return [text.slice(0, half), text.slice(half)];
}

/** About four bytes to a token, half of the input from the cache. */
export function tokensOf(call: ReceivedCall, pieces: readonly string[], toolCalls: readonly ServedToolCall[]) {
  const input = Math.ceil(call.body.length / 4);
  const answer = pieces.join('').length + (toolCalls.length === 0 ? 0 : JSON.stringify(toolCalls).length - 2);
  const output = Math.ceil(answer / 4);
  return { input, output, cached: Math.floor(input / 2), reasoning: Math.floor(output / 4) };
}

function messagesOf({ body }: ReceivedCall): readonly Message[] {
  return (JSON.parse(body) as { readonly messages: readonly Message[] }).messages;
}

function callsTools({ role, content, tool_calls: calls }: Message): boolean {
  if (role !== 'assistant') return false;
  return calls !== undefined || partsOf(content).some((part) => part.type === 'tool_use');
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return partsOf(content)
    .filter((part) => part.type === 'text')
    .map((part) => part.text ?? '')
    .join('\n');
}

function partsOf(content: unknown): readonly { readonly type?: string; readonly text?: string }[] {
  return Array.isArray(content) ? content : [];
}
