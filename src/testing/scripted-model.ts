import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Message,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
  ProviderV4,
} from '@ai-sdk/provider';
import { SquadraError } from '../kernel/errors.ts';
import { contentParts, failureError, finishPart } from './scripted-answer.ts';
import type { ScriptedAnswer, ScriptedAnswerParts } from './scripted-answer.ts';
import type { TestClock } from './test-clock.ts';

/** A call as the scripted model got it. */
export interface ScriptedCall {
  /** 1 for the first call of the model. */
  readonly number: number;
  /** Of the member that was asked, such as `tester`; null when the prompt names none. */
  readonly role: string | null;
  /** What was said last to the model: the ask, or the result of a tool. */
  readonly text: string;
  /** `<execution>/<step>`. */
  readonly idempotencyKey: string | null;
  /** The messages, system prompt first. */
  readonly prompt: LanguageModelV4CallOptions['prompt'];
  /** Everything else that was sent. */
  readonly options: LanguageModelV4CallOptions;
}

/**
 * What the model answers: a list is used up from the front, one answer for each call, retries included; a function makes
 * each one; by role, a single answer is given to every call of that role and a list is used up.
 */
export type Script =
  | readonly ScriptedAnswer[]
  | ((call: ScriptedCall) => ScriptedAnswer | Promise<ScriptedAnswer>)
  | Readonly<Record<string, ScriptedAnswer | readonly ScriptedAnswer[]>>;

export interface ScriptedModelOptions {
  /** What latency and hanging are counted on; needed for them. */
  readonly clock?: TestClock;
}

/** A language model that does what it is told, and remembers what it was asked. */
export interface ScriptedModel extends LanguageModelV4 {
  readonly calls: readonly ScriptedCall[];
  /** For `models` of `openSquadra`: every model of this provider is this one. */
  asProvider(): ProviderV4;
}

/**
 * A model that answers from a script, streaming as a real one does.
 *
 * ```ts
 * import { openSquadra } from 'squadra';
 * import { scriptedModel } from 'squadra/testing';
 *
 * const model = scriptedModel(['A plan in three steps.', { fail: { status: 429, retryAfterMs: 100 } }, 'Accepted.']);
 * await using squadra = await openSquadra({ models: { script: model.asProvider() } });
 * ```
 */
export function scriptedModel(script: Script, { clock }: ScriptedModelOptions = {}): ScriptedModel {
  const calls: ScriptedCall[] = [];
  const next = reader(script);
  const model: ScriptedModel = {
    specificationVersion: 'v4',
    provider: 'script',
    modelId: 'script',
    supportedUrls: {},
    calls,
    doGenerate: () => Promise.reject(new Error('The scripted model streams; it is not asked for whole answers.')),
    doStream: async (options) => {
      const call = callOf(options, calls.length + 1);
      calls.push(call);
      const given = await next(call);
      return answer(typeof given === 'string' ? { text: given } : given, options, clock);
    },
    asProvider: () => ({
      specificationVersion: 'v4',
      languageModel: () => model,
      embeddingModel: none,
      imageModel: none,
    }),
  };
  return model;
}

async function answer(
  given: ScriptedAnswerParts,
  options: LanguageModelV4CallOptions,
  clock: TestClock | undefined,
): Promise<LanguageModelV4StreamResult> {
  const { fail, latencyMs = 0 } = given;
  options.abortSignal?.throwIfAborted();
  if (latencyMs > 0) await need(clock, 'latencyMs').pause(latencyMs, options.abortSignal);
  if (fail !== undefined && fail !== 'cut' && fail !== 'hang') throw failureError(fail);
  return { stream: ReadableStream.from(parts(given, options, clock)) };
}

async function* parts(
  given: ScriptedAnswerParts,
  options: LanguageModelV4CallOptions,
  clock: TestClock | undefined,
): AsyncGenerator<LanguageModelV4StreamPart> {
  const content = contentParts(given);
  const isBroken = given.fail === 'cut' || given.fail === 'hang';
  yield* isBroken ? content.slice(0, Math.ceil(content.length / 2)) : content;
  if (given.fail === 'hang')
    await need(clock, "fail: 'hang'").hang(options.abortSignal ?? new AbortController().signal);
  if (!isBroken) yield finishPart(given, Buffer.byteLength(options.prompt.map(textOf).join('')));
}

/** Finds the answer of a call. */
function reader(script: Script): (call: ScriptedCall) => ScriptedAnswer | Promise<ScriptedAnswer> {
  if (typeof script === 'function') return script;
  if (isList(script)) {
    const list = [...script];
    return (call) => list.shift() ?? usedUp(call, `after ${script.length} answers`);
  }
  const lists = new Map<string, ScriptedAnswer[]>();
  for (const [role, given] of Object.entries(script)) if (isList(given)) lists.set(role, [...given]);
  return (call) => {
    const role = call.role ?? '';
    const given = lists.get(role)?.shift() ?? script[role];
    return given === undefined || isList(given) ? usedUp(call, `left for the role '${role}'`) : given;
  };
}

function isList(given: Script | ScriptedAnswer | readonly ScriptedAnswer[]): given is readonly ScriptedAnswer[] {
  return Array.isArray(given);
}

/** No retry would find an answer either. */
function usedUp({ number, text }: ScriptedCall, where: string): never {
  const asked = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  throw new SquadraError('MODEL_REJECTED', `The script has no answer ${where}; call ${number} was: ${asked}`);
}

function callOf(options: LanguageModelV4CallOptions, number: number): ScriptedCall {
  const { prompt, headers = {} } = options;
  const system = prompt.find(({ role }) => role === 'system');
  const key = Object.entries(headers).find(([name]) => name.toLowerCase() === 'idempotency-key')?.[1];
  const last = prompt.at(-1);
  return {
    number,
    role: /^Role: (?<role>\S+)$/mu.exec(system === undefined ? '' : textOf(system))?.groups?.role ?? null,
    text: last === undefined ? '' : textOf(last),
    idempotencyKey: key ?? null,
    prompt,
    options,
  };
}

function textOf({ content }: LanguageModelV4Message): string {
  if (typeof content === 'string') return content;
  return content
    .map((part) => {
      if (part.type === 'text' || part.type === 'reasoning') return part.text;
      if (part.type !== 'tool-result' || !('value' in part.output)) return '';
      return typeof part.output.value === 'string' ? part.output.value : JSON.stringify(part.output.value);
    })
    .join('\n');
}

function need(clock: TestClock | undefined, what: string): TestClock {
  if (clock === undefined)
    throw new Error(`The scripted model needs a clock for ${what}: scriptedModel(script, { clock }).`);
  return clock;
}

function none(): never {
  throw new Error('The scripted provider has language models only.');
}
