import type { LanguageModelV4 } from '@ai-sdk/provider';
import { parentPort, workerData } from 'node:worker_threads';
import { builtInProviders } from '../built-in-providers.ts';
import { modelFetch } from '../model-fetch.ts';
import type { CallNews, ModelThreadData, ModelThreadOrder } from './messages.ts';
import { sendError } from './sent-error.ts';

const port = parentPort;
if (port === null) throw new Error('This file is the start of a thread, not of a program.');
const { settings } = workerData as ModelThreadData;

/** News of all calls travel together: a message costs the other side more than a word in it. */
const gatherMs = 10;

const fetch = modelFetch();
const models = new Map<string, LanguageModelV4>();
const calls = new Map<number, AbortController>();
let news: CallNews[] = [];
let isQuiet = true;

function tell(one: CallNews): void {
  if (!extend(news.at(-1), one)) news.push(one);
  if (!isQuiet) return;
  // The first word goes at once, what follows it within the window goes together.
  isQuiet = false;
  setImmediate(flush);
}

/** Pieces of the same text that come one after the other are one piece. */
function extend(last: CallNews | undefined, one: CallNews): boolean {
  if (last?.kind !== 'part' || one.kind !== 'part' || last.call !== one.call) return false;
  const [before, part] = [last.part, one.part];
  if (before.type !== 'text-delta' || part.type !== 'text-delta' || before.id !== part.id) return false;
  if (part.providerMetadata !== undefined) return false;
  before.delta += part.delta;
  return true;
}

function flush(): void {
  if (news.length === 0) {
    isQuiet = true;
    return;
  }
  port?.postMessage(news);
  news = [];
  setTimeout(flush, gatherMs);
}

function modelOf(provider: string, model: string): LanguageModelV4 {
  const key = JSON.stringify([provider, model]);
  const known = models.get(key);
  if (known !== undefined) return known;
  const server = builtInProviders.find(({ name }) => name === provider)?.open(settings, fetch) ?? null;
  if (server === null) throw new Error(`The provider ${JSON.stringify(provider)} is not configured.`);
  const made = server.languageModel(model);
  models.set(key, made);
  return made;
}

async function make({ call, provider, model, options }: Extract<ModelThreadOrder, { kind: 'call' }>): Promise<void> {
  const controller = new AbortController();
  calls.set(call, controller);
  try {
    const { stream, response } = await modelOf(provider, model).doStream({
      ...options,
      abortSignal: controller.signal,
    });
    tell({ kind: 'begun', call, headers: response?.headers ?? {} });
    const reader = stream.getReader();
    controller.signal.addEventListener('abort', () => void reader.cancel().catch(() => {}), { once: true });
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      tell(
        value.type === 'error'
          ? { kind: 'error-part', call, error: sendError(value.error) }
          : { kind: 'part', call, part: value },
      );
    }
    tell({ kind: 'ended', call });
  } catch (error) {
    tell({ kind: 'failed', call, error: sendError(error) });
  } finally {
    calls.delete(call);
  }
}

port.on('message', (order: ModelThreadOrder) => {
  if (order.kind === 'call') void make(order);
  else if (order.kind === 'abort') calls.get(order.call)?.abort();
  else process.exit();
});
