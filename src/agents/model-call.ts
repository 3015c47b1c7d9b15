import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider';
import type { Clock } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';
import { type CallLimits, CallWatch } from './call-watch.ts';
import { type ReceivedReasoning, type ReceivedToolCall, takeReasoning } from './received-parts.ts';

/** One call of a model. */
export interface ModelCall {
  readonly model: LanguageModelV4;
  readonly options: Omit<LanguageModelV4CallOptions, 'abortSignal'>;
  readonly limits: CallLimits & {
    /** Of text, reasoning and arguments together, in UTF-16 units. */
    readonly maxLength: number;
    readonly maxToolCalls: number;
  };
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onText: (delta: string) => void;
  /** The head of the answer; names in lower case. */
  readonly onHead: (headers: Readonly<Record<string, string>>) => void;
}

/** What came back so far. It is filled while the call runs, so that a call that fails can still be counted. */
export interface Received {
  text: string;
  readonly reasoning: Map<string, ReceivedReasoning>;
  /** In the order of the answer. */
  readonly calls: ReceivedToolCall[];
  /** UTF-16 units of reasoning, of the arguments of whole calls, and of arguments as they streamed. */
  reasoningLength: number;
  callLength: number;
  streamedLength: number;
  /** Whether the provider began to answer. */
  answering: boolean;
  usage: LanguageModelV4Usage | null;
  /** The provider's own word. */
  finishReason: string | null;
  responseId: string | null;
  firstTokenMs: number | null;
  durationMs: number;
}

/** Nothing yet. */
export function nothingReceived(): Received {
  return {
    text: '',
    reasoning: new Map(),
    calls: [],
    reasoningLength: 0,
    callLength: 0,
    streamedLength: 0,
    answering: false,
    usage: null,
    finishReason: null,
    responseId: null,
    firstTokenMs: null,
    durationMs: 0,
  };
}

/**
 * Calls the model and reads its stream into `received`.
 *
 * C1  It resolves only after a finish reason that means "done" and the end of the stream; everything else rejects.
 * C2  On every way out the connection is released: read to its end, or aborted.
 * C3  When the call was aborted it rejects with the reason of the abort, whatever the provider made of it.
 */
export async function callModel(call: ModelCall, received: Received): Promise<void> {
  const watch = new CallWatch(call.clock, call.limits, call.signal);
  try {
    const { stream, response } = await abortable(
      call.model.doStream({ ...call.options, abortSignal: watch.signal }),
      watch.signal,
    );
    received.answering = true;
    if (response?.headers !== undefined) call.onHead(response.headers);
    const finish = await readStream(stream, call, watch, received);
    requireAnswer(finish, received.calls.length);
  } catch (error) {
    if (watch.signal.aborted) throw watch.signal.reason;
    watch.abandon();
    throw error;
  } finally {
    received.durationMs = watch.elapsedMs;
    watch.stop();
  }
}

type FinishPart = Extract<LanguageModelV4StreamPart, { type: 'finish' }>;

async function readStream(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  call: ModelCall,
  watch: CallWatch,
  received: Received,
): Promise<FinishPart | null> {
  const reader = stream.getReader();
  // A model of the user's own may not watch its signal; cancelling ends a pending read all the same.
  const cancel = (): void => void reader.cancel(watch.signal.reason).catch(() => {});
  watch.signal.addEventListener('abort', cancel, { once: true });
  let finish: FinishPart | null = null;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      watch.sign();
      if (value.type === 'finish') {
        finish = value;
        received.usage = value.usage;
        received.finishReason = value.finishReason.raw ?? value.finishReason.unified;
      } else {
        takePart(value, call, watch, received);
      }
    }
  } catch (error) {
    cancel();
    throw error;
  } finally {
    watch.signal.removeEventListener('abort', cancel);
  }
  watch.signal.throwIfAborted();
  return finish;
}

function takePart(part: LanguageModelV4StreamPart, call: ModelCall, watch: CallWatch, received: Received): void {
  switch (part.type) {
    case 'text-delta':
      watch.begin();
      received.firstTokenMs ??= watch.elapsedMs;
      received.text += part.delta;
      checkLength(received, call);
      call.onText(part.delta);
      return;
    case 'reasoning-start':
    case 'reasoning-delta':
    case 'reasoning-end':
      if (part.type === 'reasoning-delta') {
        watch.begin();
        received.reasoningLength += part.delta.length;
      }
      checkLength(received, call);
      takeReasoning(received.reasoning, part);
      return;
    case 'tool-input-delta':
      watch.begin();
      received.firstTokenMs ??= watch.elapsedMs;
      received.streamedLength += part.delta.length;
      checkLength(received, call);
      return;
    case 'tool-call':
      watch.begin();
      takeToolCall(part, call, received);
      return;
    case 'response-metadata':
      received.responseId = part.id ?? received.responseId;
      return;
    case 'error':
      throw part.error;
    default:
  }
}

function takeToolCall(
  part: Extract<LanguageModelV4StreamPart, { type: 'tool-call' }>,
  call: ModelCall,
  received: Received,
) {
  // What the provider does by itself is not for us to do.
  if (part.providerExecuted === true) return;
  const { toolCallId: id, toolName: name, input, providerMetadata } = part;
  received.callLength += input.length;
  checkLength(received, call);
  received.calls.push({ id, name, input, metadata: providerMetadata ?? null });
  const { maxToolCalls } = call.limits;
  if (received.calls.length > maxToolCalls) {
    const message = `The model's answer asks for more than the ${maxToolCalls} tool calls that are left (SQUADRA_MAX_TOOL_CALLS_PER_ASK); it was broken off.`;
    throw new SquadraError('TOOL_CALL_LIMIT', message, { details: { maxToolCalls } });
  }
}

/** Of all that was received, in UTF-16 units. Arguments count once, whether they came in pieces, whole, or both ways. */
export function lengthOf({ text, reasoningLength, callLength, streamedLength }: Received): number {
  return text.length + reasoningLength + Math.max(callLength, streamedLength);
}

function checkLength(received: Received, { limits }: ModelCall): void {
  if (lengthOf(received) > limits.maxLength) throw tooLong(limits.maxLength);
}

/** Servers that are nearly compatible end a complete answer with words of their own. */
const ownWordsForStop = new Set(['eos', 'eos_token', 'end_turn', 'stop_sequence', 'complete', 'COMPLETE', 'STOP']);

function requireAnswer(finish: FinishPart | null, toolCalls: number): void {
  if (finish === null) throw notComplete('no finish reason');
  const { unified, raw } = finish.finishReason;
  if (unified === 'tool-calls' && toolCalls > 0) return;
  if (unified === 'stop' || (unified === 'other' && ownWordsForStop.has(raw ?? ''))) return;
  if (unified === 'length') {
    throw new SquadraError('MODEL_LENGTH', 'The model reached its output limit before the answer was complete.');
  }
  if (unified === 'content-filter') {
    throw new SquadraError(
      'MODEL_CONTENT_FILTER',
      'The provider withheld the answer, or the model refused to give one.',
    );
  }
  throw notComplete(`the finish reason ${JSON.stringify(raw ?? unified)}`);
}

function notComplete(ending: string): SquadraError {
  return new SquadraError(
    'MODEL_BROKEN_STREAM',
    `The model's answer ended with ${ending} and cannot be taken as complete.`,
  );
}

function tooLong(maxBytes: number): SquadraError {
  const message = `The model's answer is longer than ${maxBytes} bytes (SQUADRA_MAX_RESULT_BYTES); it was broken off.`;
  return new SquadraError('RESULT_TOO_LARGE', message, { details: { maxBytes } });
}

/** The promise's outcome, or the signal's reason when that comes first; a stream that comes too late is closed. */
function abortable<T extends { readonly stream: ReadableStream }>(
  started: PromiseLike<T>,
  signal: AbortSignal,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const abort = (): void => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  started.then(
    (result) => {
      signal.removeEventListener('abort', abort);
      if (signal.aborted) void result.stream.cancel(signal.reason).catch(() => {});
      resolve(result);
    },
    (error: unknown) => {
      signal.removeEventListener('abort', abort);
      reject(error);
    },
  );
  return promise;
}
