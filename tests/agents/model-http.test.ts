import { inspect } from 'node:util';
import { beforeEach, afterEach, describe, expect, it } from 'vitest';
import { MemoryJournal } from './memory-journal.ts';
import { failureOf, openAsking } from './asking.ts';
import { type ModelServer, startModelServer } from '../../src/testing/model-server/model-server.ts';
import type { SquadraError } from '../../src/kernel/errors.ts';

let server: ModelServer;
let journal: MemoryJournal;

beforeEach(async () => {
  server = await startModelServer();
  journal = new MemoryJournal();
});
afterEach(() => server[Symbol.asyncDispose]());

function ask(message: string, fields = {}) {
  const { asker, member } = openAsking({ url: server.url });
  return asker.ask(journal.request(member(fields), message));
}

describe('a call over HTTP', () => {
  it('gives back the whole text, streamed, counted and priced', async () => {
    const answer = await ask('How are you?');
    expect(answer.text).toMatch(/^You said: How are you\?\n(All of it was read\. ){20}$/);
    expect(journal.deltas).toHaveLength(20);
    expect(journal.deltas.join('')).toBe(answer.text);
    expect(answer.usage).toMatchObject({ modelCalls: 1, estimatedCalls: 0, unpricedCalls: 0 });
    expect(answer.usage.outputTokens).toBe(Math.ceil(answer.text.length / 4));
    expect(answer.usage.cachedTokens).toBeGreaterThan(0);
    expect(answer.usage.reasoningTokens).toBeGreaterThan(0);
    expect(answer.usage.costMicroUsd).toBeGreaterThan(0);
  });

  it('sends what the member is, the key, and the idempotency key of the step', async () => {
    await ask('Look at this.', { model: 'some-model', temperature: 0.2, instructions: 'Be brief.' });
    const [call] = server.calls;
    expect(call?.idempotencyKey).toBe('execution-1/tester/model/1');
    expect(call?.headers.authorization).toBe('Bearer sk-test-0123456789');
    const body = JSON.parse(call?.body ?? '');
    expect(body).toMatchObject({
      model: 'some-model',
      temperature: 0.2,
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 8192,
    });
    expect(body.messages[0].role).toBe('system');
    expect(body.messages[0].content).toMatch(/^Role: tester\nName: Tester\n/);
    expect(body.messages[0].content).toContain('Be brief.');
    expect(body.messages[1]).toEqual({ role: 'user', content: 'Look at this.' });
  });

  it('limits the output of reasoning models in the way they understand', async () => {
    await ask('Think.', { model: 'gpt-5-mini' });
    const body = JSON.parse(server.calls[0]?.body ?? '');
    expect(body).toMatchObject({ max_completion_tokens: 8192, temperature: 0.7 });
    expect(body).not.toHaveProperty('max_tokens');
  });

  it('leaves the ask, the answer and the item behind, and the text in one place only', async () => {
    const answer = await ask('How are you?');
    expect(journal.messages.map(({ role, kind, text, stepKey }) => ({ role, kind, text, stepKey }))).toEqual([
      { role: 'user', kind: 'ask', text: 'How are you?', stepKey: 'tester' },
      { role: 'assistant', kind: 'answer', text: answer.text, stepKey: 'tester/model/1' },
    ]);
    expect(journal.items.map((item) => item.change)).toEqual(['begin', 'complete']);
    const result = journal.entries.find((entry) => entry.entry === 'result');
    expect(result).toMatchObject({
      output: {
        accepted: true,
        provider: 'openai',
        model: 'gpt-5-mini',
        finishReason: 'stop',
        responseId: 'chatcmpl-test',
      },
    });
    expect(JSON.stringify(result)).not.toContain('You said');
  });

  it('reserves more than the call then costs', async () => {
    const answer = await ask('How are you?');
    const [intent] = journal.entries;
    const reservation = intent?.entry === 'intent' ? intent.reservation : null;
    expect(reservation).toMatchObject({ modelCalls: 1, estimatedCalls: 1, outputTokens: 8192 });
    expect(reservation?.costMicroUsd).toBeGreaterThan(answer.usage.costMicroUsd);
  });

  it('makes no second call when the journal has the answer', async () => {
    const { asker, member } = openAsking({ url: server.url });
    const tester = member();
    const first = await asker.ask(journal.request(tester, 'Once.'));
    const again = await asker.ask(journal.request(tester, 'Once.'));
    expect(again).toEqual(first);
    expect(server.calls).toHaveLength(1);
  });

  it('makes a failed call again with the same bytes and the same key', async () => {
    journal.attempts = 3;
    await ask('[[server status=503 times=2]] Again, please.');
    expect(server.calls.map((call) => call.attempt)).toEqual([1, 2, 3]);
    expect(new Set(server.calls.map((call) => call.body)).size).toBe(1);
    expect(new Set(server.calls.map((call) => call.idempotencyKey)).size).toBe(1);
    expect(journal.items.map((item) => item.change)).toEqual(['begin', 'complete']);
  });

  it('keeps its connection', async () => {
    const { asker, member } = openAsking({ url: server.url });
    const tester = member();
    for (let round = 1; round <= 10; round += 1)
      await asker.ask(journal.request(tester, 'Hello.', { name: `round-${round}` }));
    // The second one is opened when the next call begins before the first connection was given back.
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  it.each([
    ['finishReason=eos', 'stop by another name'],
    ['chunks=1', 'a single chunk'],
    ['chunks=200', 'many chunks'],
  ])('takes %s (%s) as an answer', async (directive) => {
    const answer = await ask(`[[server ${directive}]] Hello.`);
    expect(answer.text).toContain('All of it was read.');
  });

  it('computes the usage from the text when the provider sends none, and says so', async () => {
    const answer = await ask('[[server usage=false]] Hello.');
    expect(answer.usage.estimatedCalls).toBe(1);
    expect(answer.usage.outputTokens).toBe(Math.ceil(Buffer.byteLength(answer.text) / 4));
    expect(answer.usage.inputTokens).toBeGreaterThan(100);
  });

  it('says that a model has no known price', async () => {
    const answer = await ask('Hello.', { model: 'home-made' });
    expect(answer.usage).toMatchObject({ unpricedCalls: 1, costMicroUsd: 0 });
  });
});

describe('a call that fails', () => {
  const failing = async (directive: string): Promise<SquadraError> => {
    const error = await failureOf(ask(`[[server ${directive}]] Hello.`));
    expect(journal.messages.map((message) => message.kind)).toEqual(['ask']);
    expect(journal.items.at(-1)?.change).toBe('fail');
    return error as SquadraError;
  };

  it.each([
    ['status=429', 'MODEL_UNAVAILABLE'],
    ['status=429 retryAfter=600', 'MODEL_UNAVAILABLE'],
    ['status=429 retryAfter=601', 'QUOTA_EXHAUSTED'],
    ['status=429 errorCode=insufficient_quota', 'QUOTA_EXHAUSTED'],
    ['status=500', 'MODEL_UNAVAILABLE'],
    ['status=503', 'MODEL_UNAVAILABLE'],
    ['status=408', 'MODEL_UNAVAILABLE'],
    ['status=400', 'MODEL_REJECTED'],
    ['status=401', 'MODEL_REJECTED'],
    ['status=403', 'MODEL_REJECTED'],
    ['status=404', 'MODEL_REJECTED'],
    ['status=422', 'MODEL_REJECTED'],
    ['cut=socket', 'MODEL_BROKEN_STREAM'],
    ['cut=clean', 'MODEL_BROKEN_STREAM'],
    ['broken=true', 'MODEL_BROKEN_STREAM'],
    ['streamError=overloaded', 'MODEL_BROKEN_STREAM'],
    ['finishReason=error', 'MODEL_BROKEN_STREAM'],
    ['finishReason=tool_calls', 'MODEL_BROKEN_STREAM'],
    ['finishReason=length', 'MODEL_LENGTH'],
    ['finishReason=content_filter', 'MODEL_CONTENT_FILTER'],
  ])('with %s is %s', async (directive, code) => {
    const error = await failing(directive);
    expect(error).toMatchObject({ code });
  });

  it('carries what the provider said and what to do about it', async () => {
    expect((await failing('status=401')).message).toBe(
      'openai/gpt-5-mini answered 401: The server was told to answer 401. Check the key (OPENAI_API_KEY).',
    );
  });

  it.each([
    ['retryAfter=2', 2_000],
    ['retryAfter=1.5', 1_500],
    ['retryAfter=250ms', 250],
  ])('with %s says how long to wait', async (directive, retryAfterMs) => {
    expect((await failing(`status=429 ${directive}`)).details).toMatchObject({ retryAfterMs, status: 429 });
  });

  it('is counted for what had arrived, marked as estimated', async () => {
    const error = await failing('cut=socket');
    expect(error.details.usage).toMatchObject({ modelCalls: 1, estimatedCalls: 1 });
    expect(error.details.usage).toHaveProperty(
      'outputTokens',
      Math.ceil(Buffer.byteLength(journal.deltas.join('')) / 4),
    );
  });

  it('is not counted when the provider refused it', async () => {
    expect((await failing('status=500')).details).not.toHaveProperty('usage');
  });

  it('is unavailable when nobody listens', async () => {
    const { url } = server;
    await server[Symbol.asyncDispose]();
    const { asker, member } = openAsking({ url });
    const error = await failureOf(asker.ask(journal.request(member(), 'Anybody there?')));
    expect(error).toMatchObject({ code: 'MODEL_UNAVAILABLE', message: expect.stringContaining('ECONNREFUSED') });
    server = await startModelServer();
  });

  it('shows no key, wherever the provider put it', async () => {
    await using loud = await startModelServer({
      defaults: {
        status: 401,
        errorMessage: 'Incorrect API key provided: sk-test-0123456789. Header was Bearer sk-test-0123456789.',
      },
    });
    const { asker, member } = openAsking({ url: loud.url });
    const error = await failureOf(asker.ask(journal.request(member(), 'Hello.')));
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('0123456789');
    expect(error).toMatchObject({ message: expect.stringContaining('Incorrect API key provided: [secret]') });
  });
});
