import { durationSetting, nameSetting, optionalNumberSetting, secretSetting, urlSetting } from './setting.ts';

/** Where models are, whose keys open them, and how long a call of one may take: a part of the table of settings. */
export const providerSettings = {
  openaiApiKey: secretSetting({
    env: 'OPENAI_API_KEY',
    doc: 'The key for OpenAI or the server at OPENAI_BASE_URL. With neither of the two set, the built-in `offline` model answers from a script.',
  }),
  openaiBaseUrl: urlSetting({
    env: 'OPENAI_BASE_URL',
    doc: 'The address of an OpenAI-compatible server; calls go to `{base}/chat/completions`. Without it, and with a key, calls go to OpenAI.',
  }),
  anthropicApiKey: secretSetting({
    env: 'ANTHROPIC_API_KEY',
    doc: 'The key for Anthropic, or the server at ANTHROPIC_BASE_URL.',
  }),
  anthropicBaseUrl: urlSetting({
    env: 'ANTHROPIC_BASE_URL',
    doc: "The address of a server that speaks Anthropic's messages protocol; calls go to `{base}/v1/messages`. It needs a key as well.",
  }),
  groqApiKey: secretSetting({
    env: 'GROQ_API_KEY',
    doc: 'The key for Groq, or the server at GROQ_BASE_URL.',
  }),
  groqBaseUrl: urlSetting({
    env: 'GROQ_BASE_URL',
    doc: 'Another address than that of Groq itself, a proxy for example; calls go to `{base}/openai/v1/chat/completions`, or below the path that it has. It needs a key as well.',
  }),
  ollamaBaseUrl: urlSetting({
    env: 'OLLAMA_BASE_URL',
    doc: 'The address of an Ollama server, usually `http://127.0.0.1:11434`.',
  }),
  provider: nameSetting({
    env: 'SQUADRA_PROVIDER',
    unit: 'provider',
    doc: 'The provider of members that name none: `openai`, `anthropic`, `groq`, `ollama`, one of your own, or `offline`. Without it, the first of these that is configured.',
  }),
  model: nameSetting({
    env: 'SQUADRA_MODEL',
    unit: 'model',
    doc: 'The model of members that name neither provider nor model. Without it, and for members that name another provider: `gpt-5-mini` of openai, `claude-haiku-4-5` of anthropic, `openai/gpt-oss-120b` of groq, `qwen3` of ollama.',
  }),
  modelThreads: optionalNumberSetting({
    env: 'SQUADRA_MODEL_THREADS',
    min: 0,
    max: 16,
    unit: 'threads',
    doc: 'Threads in which the calls of OpenAI, Anthropic, Groq and Ollama are made: reading many streams at once takes most of a core. 0 makes them beside everything else, in the main thread. Where nothing is said it is 1 for `squadra serve`, and 0 for everything else.',
  }),
  modelTimeoutMs: durationSetting({
    env: 'SQUADRA_MODEL_TIMEOUT',
    default: '10m',
    min: '1ms',
    max: '1d',
    doc: 'How long one model call may take from the request to the end of its answer.',
  }),
  modelFirstTokenTimeoutMs: durationSetting({
    env: 'SQUADRA_MODEL_FIRST_TOKEN_TIMEOUT',
    default: '2m',
    min: '1ms',
    max: '1d',
    doc: 'How long a model may take to begin its answer. Raise it for models that think long before the first word, and for local ones that are loaded by the first call.',
  }),
  modelIdleTimeoutMs: durationSetting({
    env: 'SQUADRA_MODEL_IDLE_TIMEOUT',
    default: '60s',
    min: '1ms',
    max: '1h',
    doc: 'How long a model may stay silent within its answer, between two words.',
  }),
};
