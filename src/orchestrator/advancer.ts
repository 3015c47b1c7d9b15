import { SquadraError } from '../kernel/errors.ts';
import type { Faults } from '../kernel/faults.ts';
import type { Runnable } from '../engines/engine.ts';
import type { Squad } from '../squads/squad.ts';
import type { Claim, ExecutionStore } from '../work/execution-store.ts';
import { runOf } from '../workflows/advance.ts';
import type { Advanced, RunServices } from '../workflows/run-services.ts';
import type { Run } from '../workflows/run.ts';
import type { Outcomes } from './outcomes.ts';
import type { SquadDirectory } from './squad-directory.ts';
import type { WorkflowRegistry } from './workflow-registry.ts';

export interface AdvancerParts {
  readonly executions: ExecutionStore;
  readonly squads: SquadDirectory;
  readonly workflows: WorkflowRegistry;
  readonly outcomes: Outcomes;
  readonly services: RunServices;
  readonly faults: Faults;
}

/** Advances executions for the engine, and knows those that run in this process. */
export class Advancer {
  readonly #parts: AdvancerParts;
  readonly #runs = new Map<string, Run>();
  #draining = false;

  constructor(parts: AdvancerParts) {
    this.#parts = parts;
  }

  /** Claims an execution and runs it until it ends or parks. */
  async advance({ tenant, id }: Runnable): Promise<Advanced> {
    this.#parts.faults.at('claim.before');
    const claim = await this.#parts.executions.claim(tenant, id);
    if (claim === null) return { kind: 'lost' };
    this.#parts.faults.at('claim.after');
    return this.run(claim);
  }

  /** Runs what is claimed already. */
  async run(claim: Claim): Promise<Advanced> {
    const { execution } = claim;
    const { workflows, services, outcomes } = this.#parts;
    const squad = execution.squadId === null ? null : await this.#squadOf(claim);
    const { run, begin } = runOf(claim, workflows.find(execution.workflow), squad, services);
    this.#runs.set(execution.id, run);
    if (this.#draining) run.drain();
    try {
      const advanced = await begin();
      if (advanced.kind === 'finished' && outcomes.isAwaited(execution.id))
        outcomes.announce(execution.id, advanced.outcome());
      return advanced;
    } finally {
      this.#runs.delete(execution.id);
    }
  }

  isRunning(id: string): boolean {
    return this.#runs.has(id);
  }

  /** Tells a run that a signal has come, if it runs here. */
  nudge(id: string): void {
    // A run that is fenced meanwhile has nobody left to tell.
    this.#runs
      .get(id)
      ?.nudge()
      .catch(() => {});
  }

  /** Stops a run that was ended from outside, down to the calls it has in flight. */
  abandon(id: string, why: string): void {
    this.#runs.get(id)?.abandon(new SquadraError('EXECUTION_CANCELLED', `Execution ${id} was ${why}.`));
  }

  /** Lets every run come to the end of the steps it is in. */
  drain(): void {
    this.#draining = true;
    for (const run of this.#runs.values()) run.drain();
  }

  /** Stops what is left when the grace of a shutdown is over. */
  abandonAll(): void {
    for (const [id, run] of this.#runs)
      run.abandon(
        new SquadraError(
          'SHUTTING_DOWN',
          `Execution ${id} was interrupted by the shutdown; it resumes at the next start.`,
        ),
      );
  }

  async #squadOf({ execution }: Claim): Promise<Squad | null> {
    const { tenant, squadId, squadVersion } = execution;
    if (squadId === null || squadVersion === null) return null;
    return this.#parts.squads.pinned(tenant, squadId, squadVersion);
  }
}
