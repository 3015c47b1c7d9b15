import type { ZodType } from 'zod';
import { SquadraError } from '../kernel/errors.ts';

/** JSON Schema as it comes from outside, from an MCP server for example. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What to do with a call of which nothing was heard after a crash: make it again, ask a person, or fail the ask. */
export type InDoubtPolicy = 'retry' | 'ask' | 'fail';

/** What a tool is told about the call. */
export interface ToolContext {
  readonly executionId: string;
  readonly tenant: string;
  readonly memberId: string;
  /** Aborts when the attempt is over: cancelled, fenced, or out of time. */
  readonly signal: AbortSignal;
  /** `<execution>/<step>`: the same for every attempt of a call, for services that recognise a repeated request. */
  readonly idempotencyKey: string;
  /** Absolute path of the execution's workspace folder; whoever writes first makes it. */
  readonly workspace: string;
}

/** What `defineTool` takes. */
export interface ToolDefinition<I = never> {
  /** 1–64 letters, digits, `_` and `-`, beginning with a letter: what providers accept. */
  readonly name: string;
  /** What the model reads to decide when to call it. */
  readonly description: string;
  /** Arguments are checked by it before `run` is called; a plain JSON Schema is told to the model and checked by the tool itself. */
  readonly input: ZodType<I> | { readonly jsonSchema: JsonSchema };
  /** It changes nothing, so it may be called again; false where nothing is said. */
  readonly isReadOnly?: boolean;
  /** The second call with the same arguments changes nothing more; false where nothing is said. */
  readonly isIdempotent?: boolean;
  /** `retry` for what is read-only or idempotent, else `ask`, where nothing is said. */
  readonly inDoubt?: InDoubtPolicy;
  /** A person says yes to every call before it is made. */
  readonly requireApproval?: boolean;
  /** False where the whole of a long result can be had again, as of a file: it is cut for the model, and no copy is kept. */
  readonly keepsResult?: boolean;
  /** How long one call may take; the setting `stepTimeout` where nothing is said. */
  readonly timeoutMs?: number;
  /**
   * Does it. Text or JSON is what the model reads. What it throws is told to the model as the tool's error, except an
   * error of the catalogue that may pass (`retryable`): that call is tried again first.
   */
  run(input: I, context: ToolContext): unknown;
}

/** Something an agent can call. */
export interface Tool<I = never> extends ToolDefinition<I> {
  readonly kind: 'tool';
}

/** A tool of whatever input: its schema checks it at run time. */
export type AnyTool = Omit<Tool, 'run' | 'input'> & {
  readonly input: ZodType | { readonly jsonSchema: JsonSchema };
  // A method, so that a tool of any input is one of these: only checked arguments are ever passed.
  run(input: never, context: ToolContext): unknown;
};

const namePattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/**
 * Makes a tool that agents can call. Throws `INVALID_INPUT` for a name that no provider would take.
 *
 * ```ts
 * import { defineTool } from 'squadra';
 * import { z } from 'zod';
 *
 * export const weather = defineTool({
 *   name: 'weather',
 *   description: 'The weather of a city, now.',
 *   input: z.object({ city: z.string() }),
 *   isReadOnly: true,
 *   run: async ({ city }, { signal }) => (await fetch(`https://wttr.in/${encodeURIComponent(city)}?format=3`, { signal })).text(),
 * });
 * ```
 */
export function defineTool<I>(definition: ToolDefinition<I>): Tool<I> {
  if (!namePattern.test(definition.name)) {
    throw new SquadraError(
      'INVALID_INPUT',
      `${JSON.stringify(definition.name)} is no name for a tool: use 1 to 64 letters, digits, '_' or '-', beginning with a letter.`,
    );
  }
  if (definition.timeoutMs !== undefined && !(definition.timeoutMs > 0))
    throw new SquadraError(
      'INVALID_INPUT',
      `Tool '${definition.name}' has a timeoutMs of ${definition.timeoutMs}; use a positive number.`,
    );
  return Object.freeze({ ...definition, kind: 'tool' as const });
}

/** What happens to a call of the tool that a crash cut off. */
export function inDoubtPolicy(tool: Pick<AnyTool, 'inDoubt' | 'isReadOnly' | 'isIdempotent'>): InDoubtPolicy {
  return tool.inDoubt ?? (tool.isReadOnly === true || tool.isIdempotent === true ? 'retry' : 'ask');
}
