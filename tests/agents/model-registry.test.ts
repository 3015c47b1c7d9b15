import { describe, expect, it } from 'vitest';
import { createModelRegistry } from '../../src/agents/model-registry.ts';
import { readSettings, type SettingOptions } from '../../src/config/settings.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { fakeProvider } from './fake-model.ts';

const fake = fakeProvider(() => new ReadableStream());

function registry(settings: SettingOptions = {}, models = {}) {
  return createModelRegistry({ settings: readSettings({}, settings), clock: systemClock, models });
}

describe('the model registry', () => {
  it('answers offline where nothing is configured', () => {
    expect(registry().defaultProvider).toBe('offline');
    expect(registry().resolve(null, 'gpt-5').priced).toEqual({ provider: 'offline', model: 'script', apiUrl: null });
  });

  it.each([{ openaiApiKey: 'sk-1' }, { openaiBaseUrl: 'http://127.0.0.1:1/v1' }])(
    'takes openai as soon as there is %o',
    (settings) => {
      expect(registry(settings).defaultProvider).toBe('openai');
      expect(registry(settings).resolve(null, null).priced).toMatchObject({ provider: 'openai', model: 'gpt-5-mini' });
    },
  );

  it('takes the model of the settings where the member names none', () => {
    const { resolve } = registry({ openaiApiKey: 'sk-1', model: 'gpt-4.1' });
    expect(resolve(null, null).model.modelId).toBe('gpt-4.1');
    expect(resolve(null, 'other').model.modelId).toBe('other');
    expect(resolve('openai', 'other')).toBe(resolve('openai', 'other'));
  });

  it("knows the user's own providers, which win over the built-in ones", () => {
    const own = registry({}, { fake, openai: fake });
    expect(own.providers).toEqual(['fake', 'offline', 'openai']);
    expect(own.defaultProvider).toBe('openai');
    expect(own.resolve('openai', 'x').model.provider).toBe('fake');
  });

  it('names the known providers when it is asked for another', () => {
    const unknown = expect.objectContaining({
      code: 'UNKNOWN_PROVIDER',
      details: { provider: 'nobody', known: ['fake', 'offline'] },
    });
    expect(() => registry({}, { fake }).resolve('nobody', null)).toThrow(unknown);
    expect(() => registry().resolve('openai', null)).toThrow(
      /Set OPENAI_API_KEY or OPENAI_BASE_URL to use it\. Known are: offline\./,
    );
  });

  it('knows what must not be shown', () => {
    expect(registry({ openaiApiKey: 'sk-1', openaiBaseUrl: 'https://me:pass%20word@example.com/v1' }).secrets).toEqual([
      'sk-1',
      'pass word',
    ]);
  });
});
