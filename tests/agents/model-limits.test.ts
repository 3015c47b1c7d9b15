import type { LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SettingOptions } from '../../src/config/settings.ts';
import type { SquadraError } from '../../src/kernel/errors.ts';
import { startModelServer, type ModelServer } from '../../src/testing/model-server/model-server.ts';
import { settle, TestClock } from '../../src/testing/test-clock.ts';
import { failureOf, openAsking } from './asking.ts';
import { fakeProvider, wholeAnswer } from './fake-model.ts';
import { MemoryJournal } from './memory-journal.ts';

let server: ModelServer;
let journal: MemoryJournal;
let clock: TestClock;

beforeEach(async () => {
  server = await startModelServer();
  journal = new MemoryJournal();
  clock = new TestClock();
});
afterEach(() => server[Symbol.asyncDispose]());

const key = 'secret-key-0123456789';
/** Whose client has to let go of the connection. */
const protocols = {
  openai: (): SettingOptions => ({ openaiApiKey: key, openaiBaseUrl: server.url }),
  anthropic: (): SettingOptions => ({ anthropicApiKey: key, anthropicBaseUrl: server.url }),
} as const;
const everyProtocol = ['openai', 'anthropic'] as const;

/** Resolves when nearly as much of the answer has arrived as the server sends before it hangs. */
async function halfAnAnswer(): Promise<void> {
  while (journal.deltas.length < 9) await settle(1);
}

describe('the time of a call', () => {
  const settings = { modelFirstTokenTimeout: '2m', modelIdleTimeout: '60s', modelTimeout: '10m' };

  it.each(everyProtocol)('ends when %s does not begin to answer, and the connection with it', async (protocol) => {
    const { asker, member } = openAsking({ clock, settings: { ...settings, ...protocols[protocol]() } });
    const failure = failureOf(asker.ask(journal.request(member(), '[[server hang=before]] Hello.')));
    await server.reached('received');
    await clock.advance(120_000);
    expect(await failure).toMatchObject({
      code: 'MODEL_TIMEOUT',
      message: 'The model did not begin to answer within 120000 ms (SQUADRA_MODEL_FIRST_TOKEN_TIMEOUT).',
      details: { limit: 'firstToken', limitMs: 120_000, usage: { modelCalls: 1, estimatedCalls: 1, outputTokens: 0 } },
    });
    await server.reached('aborted');
    expect(clock.timers).toBe(0);
  });

  it('ends when the answer has a head and signs of life, but no word', async () => {
    const signs = (controller: ReadableStreamDefaultController<LanguageModelV4StreamPart>): void => {
      controller.enqueue({ type: 'stream-start', warnings: [] });
      controller.enqueue({ type: 'response-metadata', id: 'response-1' });
    };
    const fake = fakeProvider(() => new ReadableStream({ start: signs }));
    const { asker, member } = openAsking({ models: { fake }, clock, settings });
    const failure = failureOf(asker.ask(journal.request(member({ provider: 'fake' }), 'Hello?')));
    await clock.advance(119_000);
    expect(journal.entries.map(({ entry }) => entry)).toEqual(['intent']);
    await clock.advance(1_000);
    expect(await failure).toMatchObject({ code: 'MODEL_TIMEOUT', details: { limit: 'firstToken' } });
  });

  it.each<LanguageModelV4StreamPart>([
    { type: 'text-delta', id: '0', delta: 'Well' },
    { type: 'reasoning-delta', id: '0', delta: 'Hm' },
    { type: 'tool-input-delta', id: '0', delta: '{' },
  ])('has begun with a $type: from there on it may be silent for the shorter time only', async (part) => {
    const fake = fakeProvider(() => new ReadableStream({ start: (controller) => controller.enqueue(part) }));
    const { asker, member } = openAsking({ models: { fake }, clock, settings });
    const failure = failureOf(asker.ask(journal.request(member({ provider: 'fake' }), 'Hello?')));
    await clock.advance(60_000);
    expect(await failure).toMatchObject({ code: 'MODEL_TIMEOUT', details: { limit: 'idle', limitMs: 60_000 } });
    expect(clock.timers).toBe(0);
  });

  it.each(everyProtocol)('ends when %s goes silent in the middle, counting what had arrived', async (protocol) => {
    const { asker, member } = openAsking({ clock, settings: { ...settings, ...protocols[protocol]() } });
    const failure = failureOf(asker.ask(journal.request(member(), '[[server hang=inside]] Hello.')));
    await clock.advance(1_000);
    await halfAnAnswer();
    await clock.advance(60_000);
    const error = (await failure) as SquadraError;
    const outputTokens = Math.ceil(Buffer.byteLength(journal.deltas.join('')) / 4);
    expect(error).toMatchObject({
      code: 'MODEL_TIMEOUT',
      message: 'The model went silent within 60000 ms (SQUADRA_MODEL_IDLE_TIMEOUT).',
      details: { limit: 'idle', usage: { outputTokens, estimatedCalls: 1 } },
    });
    await server.reached('aborted');
  });

  it('ends as a whole, however lively the stream is', async () => {
    let controller: ReadableStreamDefaultController<LanguageModelV4StreamPart> | undefined;
    const fake = fakeProvider(() => new ReadableStream({ start: (given) => void (controller = given) }));
    const { asker, member } = openAsking({ models: { fake }, clock, settings });
    const failure = failureOf(asker.ask(journal.request(member({ provider: 'fake' }), 'Go on and on.')));
    await settle();
    for (let minute = 0; minute < 20; minute += 1) {
      await clock.advance(30_000);
      if (minute < 19) controller?.enqueue({ type: 'text-delta', id: '0', delta: 'more ' });
      await settle();
    }
    expect(await failure).toMatchObject({ code: 'MODEL_TIMEOUT', details: { limit: 'total' } });
    expect(journal.deltas).toHaveLength(19);
    expect(clock.timers).toBe(0);
  });

  it('ends for a model that does not watch its signal', async () => {
    let cancelled: unknown;
    const fake = fakeProvider(() => new ReadableStream({ cancel: (reason) => void (cancelled = reason) }));
    const { asker, member } = openAsking({ models: { fake }, clock, settings });
    const failure = failureOf(asker.ask(journal.request(member({ provider: 'fake' }), 'Hello?')));
    await clock.advance(120_000);
    expect(await failure).toMatchObject({ code: 'MODEL_TIMEOUT' });
    expect(cancelled).toMatchObject({ code: 'MODEL_TIMEOUT' });
  });

  it('leaves no timer behind when the call succeeds', async () => {
    const { asker, member } = openAsking({ url: server.url, clock, settings });
    await asker.ask(journal.request(member(), 'Hello.'));
    expect(clock.timers).toBe(0);
  });
});

describe('cancelling', () => {
  const reason = new Error('Nobody wants it any more.');

  it.each(everyProtocol.flatMap((protocol) => ['before', 'inside'].map((hang) => [protocol, hang] as const)))(
    'reaches the socket of a call to %s that hangs %s',
    async (protocol, hang) => {
      const { asker, member } = openAsking({ settings: protocols[protocol]() });
      const failure = failureOf(asker.ask(journal.request(member(), `[[server hang=${hang}]] Hello.`)));
      await server.reached('received');
      if (hang === 'inside') await halfAnAnswer();
      journal.cancel(reason);
      expect(await failure).toBe(reason);
      await server.reached('aborted');
    },
  );

  it('makes no call when it comes before', async () => {
    const { asker, member } = openAsking({ url: server.url });
    journal.cancel(reason);
    expect(await failureOf(asker.ask(journal.request(member(), 'Hello.')))).toBe(reason);
    expect(server.calls).toHaveLength(0);
  });
});

describe('the number of calls', () => {
  it('never passes the limit, and everybody gets a turn in order', async () => {
    const open: ((answer: string) => void)[] = [];
    const started: string[] = [];
    const fake = fakeProvider((options) => {
      started.push(JSON.stringify(options.prompt[1]?.content));
      return new Promise((resolve) => open.push((text) => resolve(ReadableStream.from(wholeAnswer(text)))));
    });
    const { asker, member } = openAsking({ models: { fake }, settings: { maxConcurrentModelCalls: 2 } });
    const tester = member({ provider: 'fake' });
    const asks = [1, 2, 3, 4, 5].map((n) => asker.ask(journal.request(tester, `number ${n}`, { name: `ask-${n}` })));
    for (let n = 1; n <= 5; n += 1) {
      await settle();
      expect(asker.stats().calls).toMatchObject({ places: 2, taken: Math.min(2, 6 - n), waiting: Math.max(0, 4 - n) });
      open.shift()?.(`answer ${n}`);
    }
    expect((await Promise.all(asks)).map((answer) => answer.text)).toEqual([1, 2, 3, 4, 5].map((n) => `answer ${n}`));
    expect(started.map((content) => /number \d/.exec(content)?.[0])).toEqual([1, 2, 3, 4, 5].map((n) => `number ${n}`));
    expect(asker.stats().calls).toMatchObject({ places: 2, taken: 0, waiting: 0 });
  });

  it('counts a call that fails as over', async () => {
    const { asker, member } = openAsking({ url: server.url, settings: { maxConcurrentModelCalls: 1 } });
    await failureOf(asker.ask(journal.request(member(), '[[server status=500]] Hello.')));
    await failureOf(asker.ask(journal.request(member(), '[[server cut=socket]] Hello.', { name: 'second' })));
    expect(asker.stats().calls).toMatchObject({ places: 1, taken: 0, waiting: 0 });
  });
});

describe('hostile text', () => {
  it.each([
    ['escape sequences', '\u001b[2J\u001b]0;owned\u0007 and \u0000 nothing'],
    ['a line of two megabytes', 'x'.repeat(2 * 1024 * 1024)],
    ['characters outside the basic plane', '🛠️ 𝔽𝕚𝕖𝕝𝕕'.repeat(50)],
  ])('is given back unchanged: %s', async (_, text) => {
    await using hostile = await startModelServer({ defaults: { text, chunks: 1 } });
    const { asker, member } = openAsking({ url: hostile.url });
    const answer = await asker.ask(journal.request(member(), text.slice(0, 1_000_000)));
    expect(answer.text === text).toBe(true);
  });

  it('is broken off when it does not end', async () => {
    await using endless = await startModelServer({ defaults: { text: 'x'.repeat(400_000), chunks: 40 } });
    const { asker, member } = openAsking({ url: endless.url, settings: { maxResultBytes: 100_000 } });
    const error = await failureOf(asker.ask(journal.request(member(), 'Talk.')));
    expect(error).toMatchObject({ code: 'RESULT_TOO_LARGE' });
    expect(journal.deltas.join('').length).toBeLessThanOrEqual(100_000);
  });
});
