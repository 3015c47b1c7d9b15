import type { Worker } from 'node:worker_threads';
import { APICallError, AISDKError } from '@ai-sdk/provider';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { ModelThreads } from '../../../src/agents/threads/model-threads.ts';
import { receiveError, sendError } from '../../../src/agents/threads/sent-error.ts';
import { readSettings } from '../../../src/config/settings.ts';
import { startModelServer } from '../../../src/testing/model-server/model-server.ts';
import type { ModelServer } from '../../../src/testing/model-server/model-server.ts';
import { LimitKeeper } from '../../../src/testing/model-server/server-limits.ts';

let server: ModelServer;
let threads: ModelThreads;
const started: Worker[] = [];

beforeEach(async () => {
  const noticed = (worker: Worker): void => void started.push(worker);
  process.on('worker', noticed);
  onTestFinished(() => void process.off('worker', noticed));
  server = await startModelServer();
  threads = new ModelThreads(2, readSettings({}, { openaiApiKey: 'sk-test', openaiBaseUrl: server.url }));
});
afterEach(async () => {
  await threads[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  started.length = 0;
});

/** Begins a call of the model; `read` takes its stream to the end. */
async function begin(message: string, abortSignal?: AbortSignal) {
  const { stream } = await threads.model('openai', 'some-model').doStream({
    prompt: [{ role: 'user', content: [{ type: 'text', text: message }] }],
    ...(abortSignal === undefined ? {} : { abortSignal }),
  });
  return {
    read: async (): Promise<string> => {
      let text = '';
      for await (const part of stream) if (part.type === 'text-delta') text += part.delta;
      return text;
    },
  };
}

it('gives the parts of many calls at once, each to its own', async () => {
  const texts = await Promise.all(Array.from({ length: 20 }, async (_, n) => (await begin(`Number ${n}?`)).read()));
  for (const [n, text] of texts.entries()) expect(text).toContain(`You said: Number ${n}?`);
  expect(started).toHaveLength(2);
});

it('passes on what the head of the answer says, of rates too', async () => {
  const limits = new LimitKeeper({ requestsPerMinute: 6_000 });
  await using limited = await startModelServer({ limits });
  await using threads = new ModelThreads(1, readSettings({}, { openaiApiKey: 'k', openaiBaseUrl: limited.url }));
  const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'Hello.' }] }];
  const { stream, response } = await threads.model('openai', 'some-model').doStream({ prompt });
  expect(response?.headers).toMatchObject({ 'x-ratelimit-limit-requests': '6000' });
  await stream.cancel();
});

it('fails the calls of a thread that dies as lost connections, and starts another for the next', async () => {
  const calls = await Promise.all([begin('one [[server hang=inside]]'), begin('two [[server hang=inside]]')]);
  const outcomes = Promise.allSettled(calls.map(({ read }) => read()));
  await Promise.all(started.map((worker) => worker.terminate()));
  for (const outcome of await outcomes)
    expect(outcome).toMatchObject({
      status: 'rejected',
      reason: { message: 'The thread that made this call has ended.' },
    });
  expect(await (await begin('three?')).read()).toContain('You said: three?');
  expect(started).toHaveLength(3);
});

it('hears of an abort before the answer and within it, and so does the provider', async () => {
  const before = new AbortController();
  const silent = begin('one [[server hang=before]]', before.signal);
  before.abort(new Error('enough'));
  await expect(silent).rejects.toThrow('enough');
  const within = new AbortController();
  const call = await begin('two [[server hang=inside]]', within.signal);
  const reading = call.read();
  within.abort(new Error('enough'));
  await expect(reading).rejects.toThrow('enough');
});

it('takes an error over to the other side as what it was', () => {
  const api = new APICallError({
    message: 'Too many',
    url: 'http://model.test',
    requestBodyValues: { prompt: 'secret' },
    statusCode: 429,
    responseHeaders: { 'retry-after': '3' },
    responseBody: 'slow down',
    isRetryable: true,
    cause: new TypeError('inside'),
  });
  const received = receiveError(structuredClone(sendError(api)));
  expect(APICallError.isInstance(received)).toBe(true);
  expect(received).toMatchObject({
    message: 'Too many',
    statusCode: 429,
    responseHeaders: { 'retry-after': '3' },
    responseBody: 'slow down',
    requestBodyValues: {},
    cause: { name: 'TypeError', message: 'inside' },
  });
  const sdk = receiveError(structuredClone(sendError(new AISDKError({ name: 'AI_Odd', message: 'odd' }))));
  expect(AISDKError.isInstance(sdk)).toBe(true);
  expect(receiveError(structuredClone(sendError({ message: 'plain' })))).toMatchObject({ message: 'plain' });
});
