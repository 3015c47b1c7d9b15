import { z } from 'zod';
import { SquadraError } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import { delegate } from '../workflows/flows/delegate.ts';
import { parallel } from '../workflows/flows/parallel.ts';
import { pipeline } from '../workflows/flows/pipeline.ts';
import { reviewLoop } from '../workflows/flows/review-loop.ts';
import type { Workflow } from '../workflows/workflow.ts';

/** Workflows that come with Squadra. */
const builtIn: readonly Workflow[] = [pipeline, parallel, delegate, reviewLoop];

/** What somebody who wants to run a workflow has to know of it. */
export interface WorkflowDescription {
  readonly name: string;
  /** Whether it comes with Squadra. */
  readonly isBuiltIn: boolean;
  /** What its input looks like, as JSON Schema; null where it takes any JSON. */
  readonly inputSchema: Json;
}

/** The workflows this process can run, by name. */
export class WorkflowRegistry {
  readonly #workflows = new Map<string, Workflow>();

  /** Throws `NAME_TAKEN` when two have the same name. */
  constructor(own: readonly Workflow[]) {
    for (const workflow of [...builtIn, ...own]) {
      if (this.#workflows.has(workflow.name))
        throw new SquadraError('NAME_TAKEN', `Two workflows are named '${workflow.name}'; give each its own name.`);
      this.#workflows.set(workflow.name, workflow);
    }
  }

  get all(): readonly Workflow[] {
    return [...this.#workflows.values()];
  }

  find(name: string): Workflow | null {
    return this.#workflows.get(name) ?? null;
  }

  /** Throws `UNKNOWN_WORKFLOW`, also for a workflow object that was not registered: a restart could not find it again. */
  resolve(workflow: Workflow | string): Workflow {
    const name = typeof workflow === 'string' ? workflow : workflow.name;
    const found = this.#workflows.get(name);
    if (found === undefined || (typeof workflow !== 'string' && found !== workflow)) {
      const known = [...this.#workflows.keys()].join(', ');
      throw new SquadraError(
        'UNKNOWN_WORKFLOW',
        `The workflow '${name}' is not registered; those that are: ${known}.`,
        { details: { workflow: name } },
      );
    }
    return found;
  }

  /** Those that come with Squadra first. */
  describe(): readonly WorkflowDescription[] {
    return this.all.map((workflow) => ({
      name: workflow.name,
      isBuiltIn: builtIn.includes(workflow),
      inputSchema: inputSchemaOf(workflow),
    }));
  }

  /** Whether a submission that names no squad gets the default one. */
  needsSquad(workflow: Workflow): boolean {
    return builtIn.includes(workflow);
  }
}

/** A schema says more in code than JSON Schema can; what it cannot is left open, and a schema of a foreign kind is not shown. */
function inputSchemaOf({ input }: Workflow): Json {
  if (input === undefined) return null;
  try {
    return z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as Json;
  } catch {
    return null;
  }
}
