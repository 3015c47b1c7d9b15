import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { SettingOptions } from '../../src/config/settings.ts';
import type { SquadraError } from '../../src/kernel/errors.ts';
import type { ModelBehaviour } from '../../src/testing/model-server/behaviour.ts';
import { type ModelServer, startModelServer } from '../../src/testing/model-server/model-server.ts';
import { defineTool } from '../../src/workflows/tool.ts';
import { failureOf, openAsking } from './asking.ts';
import { MemoryJournal } from './memory-journal.ts';

let server: ModelServer;
let journal: MemoryJournal;
let made: unknown[];

beforeEach(async () => {
  server = await startModelServer();
  journal = new MemoryJournal();
  made = [];
});
afterEach(() => server[Symbol.asyncDispose]());

const note = defineTool({
  name: 'note',
  description: 'Notes the place of a call.',
  input: z.object({ round: z.number(), place: z.number() }),
  isReadOnly: true,
  run: (input) => {
    made.push(input);
    return `noted ${input.place}`;
  },
});

const key = 'secret-key-0123456789';
const origin = (): string => server.url.replace('/v1', '');

/** How each provider is configured, and what it has to look like on the wire. */
const providers = {
  openai: {
    settings: (): SettingOptions => ({ openaiApiKey: key, openaiBaseUrl: server.url }),
    path: '/v1/chat/completions',
    keyHeader: ['authorization', `Bearer ${key}`],
    keyVariable: 'OPENAI_API_KEY',
    model: 'gpt-5-mini',
    priced: true,
  },
  anthropic: {
    settings: (): SettingOptions => ({ anthropicApiKey: key, anthropicBaseUrl: origin() }),
    path: '/v1/messages',
    keyHeader: ['x-api-key', key],
    keyVariable: 'ANTHROPIC_API_KEY',
    model: 'claude-haiku-4-5',
    priced: true,
  },
  groq: {
    settings: (): SettingOptions => ({ groqApiKey: key, groqBaseUrl: origin() }),
    path: '/openai/v1/chat/completions',
    keyHeader: ['authorization', `Bearer ${key}`],
    keyVariable: 'GROQ_API_KEY',
    model: 'openai/gpt-oss-120b',
    priced: true,
  },
  ollama: {
    settings: (): SettingOptions => ({ ollamaBaseUrl: origin() }),
    path: '/v1/chat/completions',
    keyHeader: ['authorization', undefined],
    keyVariable: null,
    model: 'qwen3',
    priced: false,
  },
} as const;

describe.each(Object.entries(providers))('calls to %s', (name, provider) => {
  const open = (settings: SettingOptions = {}) =>
    openAsking({ settings: { ...provider.settings(), ...settings }, tools: [note] });
  const ask = (message: string, settings: SettingOptions = {}) => {
    const { asker, member } = open(settings);
    return asker.ask(journal.request(member(), message));
  };
  const failing = async (directive: string): Promise<SquadraError> =>
    (await failureOf(ask(`[[server ${directive}]] Hello.`))) as SquadraError;

  it('give back the whole text, streamed, counted and priced', async () => {
    const answer = await ask('How are you?');
    expect(answer.text).toMatch(/^You said: How are you\?\n(All of it was read\. ){20}$/);
    expect(journal.deltas).toHaveLength(20);
    expect(journal.deltas.join('')).toBe(answer.text);
    expect(answer.usage).toMatchObject({ modelCalls: 1, estimatedCalls: 0, unpricedCalls: provider.priced ? 0 : 1 });
    expect(answer.usage.outputTokens).toBe(Math.ceil(answer.text.length / 4));
    expect(answer.usage.inputTokens).toBe(Math.ceil((server.calls[0]?.body.length ?? 0) / 4));
    expect(answer.usage.cachedTokens).toBe(Math.floor(answer.usage.inputTokens / 2));
    expect(answer.usage.costMicroUsd > 0).toBe(provider.priced);
    expect(journal.entries.find((entry) => entry.entry === 'result')).toMatchObject({
      output: { provider: name, model: provider.model },
    });
  });

  it('go where the provider listens, with its key and the idempotency key of the step', async () => {
    await ask('Hello.');
    const [call] = server.calls;
    expect(call?.path).toBe(provider.path);
    expect(call?.headers[provider.keyHeader[0]]).toBe(provider.keyHeader[1]);
    expect(call?.idempotencyKey).toBe('execution-1/tester/model/1');
    expect(JSON.parse(call?.body ?? '')).toMatchObject({ model: provider.model, stream: true, temperature: 0.7 });
  });

  it('offer tools, take calls side by side, and send their results back', async () => {
    const answer = await ask('[[server call=note,note rounds=2]] Note it.');
    expect(answer.text).toContain('You said');
    expect(made).toEqual([
      { round: 1, place: 1 },
      { round: 1, place: 2 },
      { round: 2, place: 1 },
      { round: 2, place: 2 },
    ]);
    expect(server.calls).toHaveLength(3);
    expect(server.calls[1]?.body).toContain('noted 2');
    expect(answer.usage).toMatchObject({ modelCalls: 3, estimatedCalls: 0 });
  });

  it('ask for JSON in a way the provider understands', async () => {
    const { asker, member } = openAsking({ settings: provider.settings() });
    const schema = z.object({ name: z.string() });
    const answer = await asker.ask(journal.request(member(), '[[server text={"name":"Ada"}]] Who?', { schema }));
    expect(answer.object).toEqual({ name: 'Ada' });
  });

  it.each<[string, string]>([
    ['status=429', 'MODEL_UNAVAILABLE'],
    ['status=429 retryAfter=601', 'QUOTA_EXHAUSTED'],
    ['status=500', 'MODEL_UNAVAILABLE'],
    ['status=529', 'MODEL_UNAVAILABLE'],
    ['status=400', 'MODEL_REJECTED'],
    ['status=401', 'MODEL_REJECTED'],
    ['status=404', 'MODEL_REJECTED'],
    ['cut=socket', 'MODEL_BROKEN_STREAM'],
    ['cut=clean', 'MODEL_BROKEN_STREAM'],
    ['broken=true', 'MODEL_BROKEN_STREAM'],
    ['streamError=overloaded', 'MODEL_BROKEN_STREAM'],
    ['finishReason=nonsense', 'MODEL_BROKEN_STREAM'],
    ['call=note cut=clean', 'MODEL_BROKEN_STREAM'],
  ])('that end with %s are %s', async (directive, code) => {
    expect(await failing(directive)).toMatchObject({ code });
    expect(made).toEqual([]);
  });

  it('say how long the provider wants to be left alone', async () => {
    expect((await failing('status=429 retryAfter=2')).details).toMatchObject({ status: 429, retryAfterMs: 2_000 });
  });

  it('say which key to check, and do not show it', async () => {
    await server[Symbol.asyncDispose]();
    server = await startModelServer({ defaults: { status: 401, errorMessage: `Bad key ${key} (Bearer ${key}).` } });
    const error = await failureOf(ask('Hello.'));
    const cure = provider.keyVariable === null ? 'Check the key.' : `Check the key (${provider.keyVariable}).`;
    expect(error).toMatchObject({ code: 'MODEL_REJECTED', message: expect.stringContaining(cure) });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(key);
  });

  it('keep their connection', async () => {
    const { asker, member } = open();
    const tester = member();
    for (let round = 1; round <= 10; round += 1)
      await asker.ask(journal.request(tester, 'Hello.', { name: `round-${round}` }));
    // The second one is opened when the next call begins before the first connection was given back.
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  it('go the same way where a model may be silent for longer than Node allows, over kept connections too', async () => {
    const settings = { modelIdleTimeout: '10m' } as const;
    const { asker, member } = open(settings);
    const tester = member();
    for (let round = 1; round <= 5; round += 1) {
      const answer = await asker.ask(journal.request(tester, 'Hello.', { name: `round-${round}` }));
      expect(answer.text).toContain('You said');
    }
    expect(server.connections).toBeLessThanOrEqual(2);
    expect(await failureOf(ask('[[server cut=socket]] Hello.', settings))).toMatchObject({
      code: 'MODEL_BROKEN_STREAM',
    });
    expect(await failureOf(ask('[[server status=429 retryAfter=2]] Hello.', settings))).toMatchObject({
      details: { retryAfterMs: 2_000 },
    });
  });
});

describe('calls to anthropic', () => {
  const settings = (): SettingOptions => ({ anthropicApiKey: key, anthropicBaseUrl: server.url });
  const body = (place: number) => JSON.parse(server.calls[place]?.body ?? '');

  it('are its own protocol: system apart, no key in the body, a limit of the answer', async () => {
    const { asker, member } = openAsking({ settings: settings() });
    await asker.ask(journal.request(member({ temperature: 0.2 }), 'Hello.'));
    expect(server.calls[0]?.headers['anthropic-version']).toBeTypeOf('string');
    expect(body(0)).toMatchObject({
      max_tokens: 8192,
      temperature: 0.2,
      system: [{ type: 'text', text: expect.stringMatching(/^Role: tester/) }],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello.' }] }],
    });
  });

  it('cache what the next turn repeats, and nothing where there is no next turn', async () => {
    const { asker, member } = openAsking({ settings: settings() });
    await asker.ask(journal.request(member(), 'Hello.'));
    expect(server.calls[0]?.body).not.toContain('cache_control');
    const withTools = openAsking({ settings: settings(), tools: [note] });
    await withTools.asker.ask(journal.request(withTools.member(), '[[server call=note]] Note it.', { name: 'again' }));
    for (const place of [1, 2]) {
      expect(body(place).system.at(-1).cache_control).toEqual({ type: 'ephemeral' });
      expect(body(place).messages.at(-1).content.at(-1).cache_control).toEqual({ type: 'ephemeral' });
    }
  });

  it.each<[ModelBehaviour['finishReason'], string]>([
    ['max_tokens', 'MODEL_LENGTH'],
    ['refusal', 'MODEL_CONTENT_FILTER'],
  ])('that end with %s are %s', async (finishReason, code) => {
    const { asker, member } = openAsking({ settings: settings() });
    const error = await failureOf(
      asker.ask(journal.request(member(), `[[server finishReason=${finishReason}]] Hello.`)),
    );
    expect(error).toMatchObject({ code });
  });

  it('that have to be paid first are no mistake of the request', async () => {
    await using poor = await startModelServer({
      defaults: { status: 400, errorMessage: 'Your credit balance is too low to access the Anthropic API.' },
    });
    const { asker, member } = openAsking({ settings: { ...settings(), anthropicBaseUrl: poor.url } });
    expect(await failureOf(asker.ask(journal.request(member(), 'Hello.')))).toMatchObject({ code: 'QUOTA_EXHAUSTED' });
  });

  it('are estimated when it counts nothing', async () => {
    const { asker, member } = openAsking({ settings: settings() });
    const answer = await asker.ask(journal.request(member(), '[[server usage=false]] Hello.'));
    expect(answer.usage.estimatedCalls).toBe(1);
    expect(answer.usage.outputTokens).toBe(Math.ceil(answer.text.length / 4));
  });
});

describe('calls to groq', () => {
  it('never ask for JSON and offer tools in one request, which it refuses', async () => {
    const { asker, member } = openAsking({ settings: providers.groq.settings(), tools: [note] });
    const schema = z.object({ name: z.string() });
    await asker.ask(journal.request(member(), '[[server text={"name":"Ada"}]] Who?', { schema }));
    expect(JSON.parse(server.calls[0]?.body ?? '')).not.toHaveProperty('response_format');
    const plain = openAsking({ settings: providers.groq.settings() });
    await plain.asker.ask(
      journal.request(plain.member(), '[[server text={"name":"Ada"}]] Who?', { schema, name: 'plain' }),
    );
    expect(JSON.parse(server.calls[1]?.body ?? '')).toMatchObject({ response_format: { type: 'json_object' } });
  });
});
