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

  it.each([
    [{ anthropicApiKey: 'a-1' }, 'anthropic', 'claude-haiku-4-5'],
    [{ groqApiKey: 'g-1' }, 'groq', 'openai/gpt-oss-120b'],
    [{ ollamaBaseUrl: 'http://127.0.0.1:11434' }, 'ollama', 'qwen3'],
    [{ anthropicApiKey: 'a-1', groqApiKey: 'g-1', openaiApiKey: 'o-1' }, 'openai', 'gpt-5-mini'],
    [{ anthropicApiKey: 'a-1', groqApiKey: 'g-1', provider: 'groq' }, 'groq', 'openai/gpt-oss-120b'],
    [{ openaiApiKey: 'o-1', provider: 'offline' }, 'offline', 'script'],
  ])('with %o takes %s and its model %s', (settings, provider, model) => {
    const { defaultProvider, resolve } = registry(settings);
    expect(defaultProvider).toBe(provider);
    expect(resolve(null, null).priced).toMatchObject({ provider, model });
  });

  it('takes the model of the settings where the member names none', () => {
    const { resolve } = registry({ openaiApiKey: 'sk-1', model: 'gpt-4.1' });
    expect(resolve(null, null).model.modelId).toBe('gpt-4.1');
    expect(resolve('openai', null).model.modelId).toBe('gpt-4.1');
    expect(resolve(null, 'other').model.modelId).toBe('other');
    expect(resolve('openai', 'other')).toBe(resolve('openai', 'other'));
  });

  it('does not ask another provider for the model of the default one', () => {
    const { resolve } = registry({ openaiApiKey: 'o-1', anthropicApiKey: 'a-1', model: 'gpt-4.1' }, { fake });
    expect(resolve('anthropic', null).model.modelId).toBe('claude-haiku-4-5');
    expect(resolve('fake', null).priced.model).toBe('default');
  });

  it.each([
    [{ ollamaBaseUrl: 'http://box:11434' }, 'http://box:11434/v1'],
    [{ ollamaBaseUrl: 'http://box:11434/api/' }, 'http://box:11434/v1'],
    [{ ollamaBaseUrl: 'http://box:11434/v1' }, 'http://box:11434/v1'],
    [{ groqApiKey: 'g' }, 'https://api.groq.com/openai/v1'],
    [{ groqApiKey: 'g', groqBaseUrl: 'http://proxy/groq/' }, 'http://proxy/groq'],
    [{ anthropicApiKey: 'a' }, 'https://api.anthropic.com/v1'],
    [{ anthropicApiKey: 'a', anthropicBaseUrl: 'http://proxy:8080' }, 'http://proxy:8080/v1'],
    [{ anthropicApiKey: 'a', anthropicBaseUrl: 'http://proxy/v1' }, 'http://proxy/v1'],
    [{ openaiApiKey: 'o' }, 'https://api.openai.com/v1'],
  ])('with %o calls below %s', (settings, apiUrl) => {
    expect(registry(settings).resolve(null, null).priced.apiUrl).toBe(apiUrl);
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
    expect(() => registry().resolve('anthropic', null)).toThrow(/Set ANTHROPIC_API_KEY to use it\./);
    expect(() => registry().resolve('ollama', null)).toThrow(/Set OLLAMA_BASE_URL to use it\./);
    expect(() => registry({ provider: 'groq' })).toThrow(/"groq" is not configured\. Set GROQ_API_KEY to use it\./);
  });

  it('knows what must not be shown', () => {
    expect(registry({ openaiApiKey: 'sk-1', openaiBaseUrl: 'https://me:pass%20word@example.com/v1' }).secrets).toEqual([
      'sk-1',
      'pass word',
    ]);
    const settings = { anthropicApiKey: 'a-1', groqApiKey: 'g-1', ollamaBaseUrl: 'http://me:word@box:11434' };
    expect(registry(settings).secrets).toEqual(['a-1', 'g-1', 'word']);
  });
});
