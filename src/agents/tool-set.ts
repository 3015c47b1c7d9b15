import type { LanguageModelV4FunctionTool } from '@ai-sdk/provider';
import { z } from 'zod';
import type { AnyTool, JsonSchema } from '../workflows/tool.ts';

/** Enough to correct a call by; more would only fill the prompt. */
const maxProblems = 20;

/** What the arguments of a call turned out to be. */
export type CheckedInput =
  | { readonly ok: true; readonly input: unknown }
  | { readonly ok: false; readonly problem: string };

/** Describes tools to models; each once, since making a schema takes a while. */
export class ToolDescriptions {
  readonly #made = new WeakMap<AnyTool, LanguageModelV4FunctionTool>();

  of(tool: AnyTool): LanguageModelV4FunctionTool {
    let made = this.#made.get(tool);
    if (made === undefined) {
      // The libraries type the same JSON Schema differently.
      const inputSchema = schemaOf(tool) as LanguageModelV4FunctionTool['inputSchema'];
      made = { type: 'function', name: tool.name, description: tool.description, inputSchema };
      this.#made.set(tool, made);
    }
    return made;
  }
}

function schemaOf({ input }: AnyTool): JsonSchema {
  if ('jsonSchema' in input) return input.jsonSchema;
  const schema = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  delete schema.$schema;
  return schema;
}

/** The tools of one ask. */
export class ToolSet {
  readonly #byName: ReadonlyMap<string, AnyTool>;

  /** Of two with one name the later one counts. */
  constructor(tools: readonly AnyTool[]) {
    this.#byName = new Map(tools.map((tool) => [tool.name, tool]));
  }

  find(name: string): AnyTool | undefined {
    return this.#byName.get(name);
  }

  get names(): readonly string[] {
    return [...this.#byName.keys()].toSorted();
  }

  /** In the order of their names: a call that is made again has to offer the same. */
  offer(descriptions: ToolDescriptions): LanguageModelV4FunctionTool[] {
    return this.names.flatMap((name) => {
      const tool = this.#byName.get(name);
      return tool === undefined ? [] : [descriptions.of(tool)];
    });
  }
}

/** Arguments as the tool wants them. A tool that brought a plain JSON Schema checks them itself. */
export async function checkInput(tool: AnyTool, value: unknown): Promise<CheckedInput> {
  if ('jsonSchema' in tool.input) return { ok: true, input: value };
  const result = await tool.input.safeParseAsync(value);
  if (result.success) return { ok: true, input: result.data };
  const problems = result.error.issues
    .slice(0, maxProblems)
    .map(({ path, message }) => `${path.map(String).join('.') || '(the arguments)'}: ${message}`);
  return { ok: false, problem: `The arguments of ${tool.name} do not fit: ${problems.join('; ')}` };
}
