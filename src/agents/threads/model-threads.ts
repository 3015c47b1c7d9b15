import { Worker } from 'node:worker_threads';
import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
} from '@ai-sdk/provider';
import type { Settings } from '../../config/settings.ts';
import type { ProviderSettings } from '../built-in-providers.ts';
import type { CallNews, ModelThreadData, ModelThreadOrder, SentOptions } from './messages.ts';
import { receiveError } from './sent-error.ts';

/**
 * What a thread may take: a call under way holds about 0.13 MB. Where there is a ceiling, what is garbage is collected soon
 * instead of being kept for as long as there is memory.
 */
const idleHeapMb = 96;
const callHeapMb = 0.2;

export type ModelThreadSettings = ProviderSettings & Pick<Settings, 'maxConcurrentModelCalls'>;

/** A call under way: the promise of its stream until the provider answers, then the stream. */
interface Call {
  readonly thread: Worker;
  begin(headers: Readonly<Record<string, string>>): void;
  take(part: LanguageModelV4StreamPart): void;
  end(): void;
  fail(error: Error): void;
}

/**
 * Makes the calls of built-in providers in threads of their own: reading thousands of streams takes more of a core than all
 * else, and would hold up whoever waits for an answer over HTTP.
 *
 * M1  A call lives in one thread. When that thread dies, its calls fail as if the connection had been lost.
 * M2  What travels is data: the prompt there, parts back. Keys are given once, at the thread's start.
 * M3  A call that is aborted is forgotten here at once; what still comes of it is dropped.
 */
export class ModelThreads implements AsyncDisposable {
  readonly #data: ModelThreadData;
  readonly #heapMb: number;
  readonly #size: number;
  readonly #threads = new Map<number, Worker>();
  readonly #calls = new Map<number, Call>();
  #lastCall = 0;

  /** No thread is started before the first call. */
  constructor(size: number, settings: ModelThreadSettings) {
    this.#size = size;
    this.#data = dataOf(settings);
    this.#heapMb = Math.ceil(idleHeapMb + (callHeapMb * settings.maxConcurrentModelCalls) / size);
  }

  /** A model of a provider, called in a thread. */
  model(provider: string, modelId: string): LanguageModelV4 {
    return {
      specificationVersion: 'v4',
      provider,
      modelId,
      supportedUrls: {},
      doGenerate: () => Promise.reject(new Error('Models in threads are only streamed.')),
      doStream: (options) => this.#stream(provider, modelId, options),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [...this.#threads.values()].map(async (thread) => {
        const exited = new Promise((resolve) => thread.once('exit', resolve));
        post(thread, { kind: 'stop' });
        await exited;
      }),
    );
  }

  #stream(
    provider: string,
    model: string,
    { abortSignal, ...options }: LanguageModelV4CallOptions,
  ): ReturnType<LanguageModelV4['doStream']> {
    const call = ++this.#lastCall;
    const thread = this.#threadOf(call);
    const { promise, resolve, reject } = Promise.withResolvers<LanguageModelV4StreamResult>();
    const abort = (): void => {
      post(thread, { kind: 'abort', call });
      this.#calls.get(call)?.fail(abortSignal?.reason instanceof Error ? abortSignal.reason : new Error('Aborted.'));
    };
    const forget = (): void => {
      this.#calls.delete(call);
      if (this.#calls.size === 0) for (const idle of this.#threads.values()) idle.unref();
      abortSignal?.removeEventListener('abort', abort);
    };
    let controller: ReadableStreamDefaultController<LanguageModelV4StreamPart> | null = null;
    const stream = new ReadableStream<LanguageModelV4StreamPart>({
      start: (own) => void (controller = own),
      cancel: () => {
        if (this.#calls.has(call)) post(thread, { kind: 'abort', call });
        forget();
      },
    });
    this.#calls.set(call, {
      thread,
      begin: (headers) => resolve({ stream, response: { headers } }),
      take: (part) => controller?.enqueue(part),
      end: () => {
        forget();
        controller?.close();
      },
      fail: (error) => {
        forget();
        // Whoever waits for the beginning is told so; whoever reads is told by the stream.
        reject(error);
        controller?.error(error);
      },
    });
    abortSignal?.addEventListener('abort', abort, { once: true });
    // What cannot be sent is told as what cannot be called.
    post(thread, { kind: 'call', call, provider, model, options: options satisfies SentOptions });
    if (abortSignal?.aborted === true) abort();
    return promise;
  }

  /** In turn, so that each has as many. */
  #threadOf(call: number): Worker {
    const place = call % this.#size;
    const thread = this.#threads.get(place) ?? this.#start(place);
    // While a call is under way the process has something to wait for.
    thread.ref();
    return thread;
  }

  #start(place: number): Worker {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const thread = new Worker(new URL(`./model-thread.${extension}`, import.meta.url), {
      workerData: this.#data,
      resourceLimits: { maxOldGenerationSizeMb: this.#heapMb },
    });
    this.#threads.set(place, thread);
    thread.on('message', (news: readonly CallNews[]) => {
      for (const one of news) this.#take(one);
    });
    const lose = (cause?: unknown): void => {
      if (this.#threads.get(place) === thread) this.#threads.delete(place);
      const error = new Error('The thread that made this call has ended.', { cause });
      for (const call of this.#calls.values()) if (call.thread === thread) call.fail(error);
    };
    thread.on('error', lose);
    thread.on('exit', () => lose());
    return thread;
  }

  #take(news: CallNews): void {
    const call = this.#calls.get(news.call);
    if (call === undefined) return;
    switch (news.kind) {
      case 'begun':
        return call.begin(news.headers);
      case 'part':
        return call.take(news.part);
      case 'error-part':
        return call.take({ type: 'error', error: receiveError(news.error) });
      case 'ended':
        return call.end();
      case 'failed':
        return call.fail(receiveError(news.error));
    }
  }
}

function post(thread: Worker, order: ModelThreadOrder): void {
  thread.postMessage(order);
}

/** Of the settings, what the providers need. */
function dataOf(settings: ModelThreadSettings): ModelThreadData {
  const { anthropicApiKey, anthropicBaseUrl, groqApiKey, groqBaseUrl, ollamaBaseUrl, openaiApiKey, openaiBaseUrl } =
    settings;
  return {
    settings: {
      anthropicApiKey,
      anthropicBaseUrl,
      groqApiKey,
      groqBaseUrl,
      ollamaBaseUrl,
      openaiApiKey,
      openaiBaseUrl,
    },
  };
}
