import type { ZodType } from 'zod';
import type { SquadApi } from './squad-api.ts';
import type { StepApi, StepOptions } from './step-api.ts';
import { SquadraError } from '../kernel/errors.ts';

/** What a workflow's function is given. */
export interface WorkflowContext<I> {
  readonly input: I;
  /** The squad the execution was submitted with; asking without one throws `UNKNOWN_SQUAD`. */
  readonly squad: SquadApi;
  readonly step: StepApi;
  readonly execution: { readonly id: string; readonly tenant: string };
}

export interface WorkflowDefinition<I, O> {
  /** 1–100 characters: letters, digits, `-`, `_`, `.`; by this name an execution finds its code again. */
  readonly name: string;
  /** Checked when it is submitted; without one any JSON is taken. */
  readonly input?: ZodType<I>;
  /** Checked when the workflow returns. */
  readonly output?: ZodType<O>;
  /** What its steps use where they say nothing themselves. */
  readonly steps?: StepOptions;
  /**
   * Says how the work is done. Everything that takes time, costs or must happen once belongs in a step; the code between
   * steps may run again, has to be quick, and must do the same with the same results.
   */
  run(context: WorkflowContext<I>): O | Promise<O>;
}

/** A workflow as `openSquadra({ workflows })` takes it. */
export interface Workflow<I = unknown, O = unknown> extends WorkflowDefinition<I, O> {
  readonly kind: 'workflow';
}

/** A workflow of whatever input and output: its schemas check both at run time. */
export type AnyWorkflow = Pick<Workflow, 'kind' | 'name'>;

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/**
 * Names a function as a workflow. Throws `INVALID_INPUT` for a name that could not be stored.
 *
 * ```ts
 * import { defineWorkflow } from 'squadra';
 * import { z } from 'zod';
 *
 * export const greet = defineWorkflow({
 *   name: 'greet',
 *   input: z.object({ who: z.string() }),
 *   async run({ input, step }) {
 *     return step.run('greet', () => `Hello, ${input.who}`);
 *   },
 * });
 * ```
 */
export function defineWorkflow<I = unknown, O = unknown>(definition: WorkflowDefinition<I, O>): Workflow<I, O> {
  if (!namePattern.test(definition.name)) {
    throw new SquadraError(
      'INVALID_INPUT',
      `'${definition.name}' is no name for a workflow: use 1 to 100 letters, digits, '-', '_' or '.', beginning with a letter or digit.`,
    );
  }
  return Object.freeze({ ...definition, kind: 'workflow' as const });
}
