import { SquadraError } from '../kernel/errors.ts';
import { delegate } from '../workflows/flows/delegate.ts';
import { parallel } from '../workflows/flows/parallel.ts';
import { pipeline } from '../workflows/flows/pipeline.ts';
import { reviewLoop } from '../workflows/flows/review-loop.ts';
import type { Workflow } from '../workflows/workflow.ts';

/** Workflows that come with Squadra. */
const builtIn: readonly Workflow[] = [pipeline, parallel, delegate, reviewLoop];

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

  /** Whether a submission that names no squad gets the default one. */
  needsSquad(workflow: Workflow): boolean {
    return builtIn.includes(workflow);
  }
}
