import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import { z, type ZodType } from 'zod';
import { SquadraError } from '../kernel/errors.ts';
import { hashJson } from '../kernel/json.ts';

/** Enough to repair an answer by; more would only fill the prompt. */
const maxProblems = 20;

/** What an answer turned out to be. */
export type CheckedAnswer =
  | { readonly ok: true; readonly value: { readonly object?: unknown } }
  | { readonly ok: false; readonly problems: readonly string[] };

/** What an answer has to look like. */
export interface OutputFormat {
  readonly responseFormat: NonNullable<LanguageModelV4CallOptions['responseFormat']>;
  /** What the system prompt says about it; empty for plain text. */
  readonly instruction: string;
  /** Part of what a step is given: an answer to another schema is another answer. */
  readonly hash: string | null;
  check(text: string): CheckedAnswer;
}

const plainText: OutputFormat = {
  responseFormat: { type: 'text' },
  instruction: '',
  hash: null,
  check: () => ({ ok: true, value: {} }),
};

/** Plain text, or JSON that matches the schema. */
export function outputFormat(schema: ZodType | undefined): OutputFormat {
  if (schema === undefined) return plainText;
  const jsonSchema = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  delete jsonSchema.$schema;
  return {
    // The two libraries type the same JSON Schema differently.
    responseFormat: { type: 'json', name: 'answer', schema: jsonSchema as NonNullable<JsonFormat['schema']> },
    // Said in words as well, since many servers know JSON but not schemas.
    instruction: `Answer with one JSON value and nothing around it. It has to match this JSON Schema:\n\n${JSON.stringify(jsonSchema)}`,
    hash: hashJson(jsonSchema),
    check: (text) => checkJson(schema, text),
  };
}

type JsonFormat = Extract<OutputFormat['responseFormat'], { type: 'json' }>;

/** What the model is told after an answer that did not match. */
export function repairMessage(problems: readonly string[]): string {
  return `That answer does not match the schema:\n\n${problems.map((problem) => `- ${problem}`).join('\n')}\n\nAnswer again with the corrected JSON value and nothing around it.`;
}

function checkJson(schema: ZodType, text: string): CheckedAnswer {
  let value: unknown;
  try {
    value = JSON.parse(unfenced(text));
  } catch (error) {
    return { ok: false, problems: [`It is not JSON: ${error instanceof Error ? error.message : String(error)}`] };
  }
  const result = parse(schema, value);
  if (result.success) return { ok: true, value: { object: result.data } };
  return {
    ok: false,
    problems: result.error.issues
      .slice(0, maxProblems)
      .map((issue) => `${issue.path.map(String).join('.') || '(the value)'}: ${issue.message}`),
  };
}

function parse(schema: ZodType, value: unknown) {
  try {
    return schema.safeParse(value);
  } catch (error) {
    // A replay checks the answer again, so checking must not wait for anything.
    const message = 'The schema of an ask cannot be applied; it must not use asynchronous refinements or transforms.';
    throw new SquadraError('INVALID_INPUT', message, { cause: error });
  }
}

/** Models like to wrap JSON into a code block although they are told not to. */
function unfenced(text: string): string {
  return /^\s*```(?:json)?\s*\n(?<json>[\s\S]*?)\n?```\s*$/i.exec(text)?.groups?.json ?? text;
}
