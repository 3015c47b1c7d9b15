import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider';
import type { Clock } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';
import { type CallLimits, CallWatch } from './call-watch.ts';

/** One call of a model. */
export interface ModelCall {
  readonly model: LanguageModelV4;
  readonly options: Omit<LanguageModelV4CallOptions, 'abortSignal'>;
  readonly limits: CallLimits & { readonly maxTextBytes: number };
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onText: (delta: string) => void;
}

/** What came back so far. It is filled while the call runs, so that a call that fails can still be counted. */
export interface Received {
  text: string;
  /** UTF-16 units of reasoning, which is counted but not kept. */
  reasoningLength: number;
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
    reasoningLength: 0,
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
    const { stream } = await abortable(
      call.model.doStream({ ...call.options, abortSignal: watch.signal }),
      watch.signal,
    );
    received.answering = true;
    watch.sign();
    const finish = await readStream(stream, call, watch, received);
    requireAnswer(finish);
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
      received.firstTokenMs ??= watch.elapsedMs;
      received.text += part.delta;
      if (received.text.length > call.limits.maxTextBytes) throw tooLong(call.limits.maxTextBytes);
      call.onText(part.delta);
      return;
    case 'reasoning-delta':
      received.reasoningLength += part.delta.length;
      return;
    case 'response-metadata':
      received.responseId = part.id ?? received.responseId;
      return;
    case 'error':
      throw part.error;
    default:
  }
}

/** Servers that are nearly compatible end a complete answer with words of their own. */
const ownWordsForStop = new Set(['eos', 'eos_token', 'end_turn', 'stop_sequence', 'complete', 'COMPLETE', 'STOP']);

function requireAnswer(finish: FinishPart | null): void {
  if (finish === null) throw notComplete('no finish reason');
  const { unified, raw } = finish.finishReason;
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
