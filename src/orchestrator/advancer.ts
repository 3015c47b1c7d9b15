import { SquadraError } from '../kernel/errors.ts';
import type { Faults } from '../kernel/faults.ts';
import { PassingMap } from '../kernel/passing-map.ts';
import type { Runnable } from '../engines/engine.ts';
import type { Squad } from '../squads/squad.ts';
import type { Claim, ExecutionStore } from '../work/execution-store.ts';
import type { OwnedRun } from '../work/owned-run.ts';
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
  /** An execution of this tenant has ended here, and all of it is stored; `itemId` is the item of a convoy that it was for. */
  readonly onEnd: (tenant: string, id: string, status: 'completed' | 'failed', itemId: string | null) => void;
}

/** What was said to an execution while it was on the way to its run. */
interface Arrival {
  isNudged: boolean;
  abandoned: string | null;
}

/**
 * Advances executions for the engine, and knows those that run in this process.
 *
 * A1  What a signal or a cancel says to an execution that is claimed but does not run yet reaches its run.
 * A2  `isRunning` says no before the outcome is announced, so nobody waits for an announcement that has been.
 */
export class Advancer {
  readonly #parts: AdvancerParts;
  readonly #runs = new PassingMap<string, Run>();
  readonly #arriving = new Map<string, Arrival>();
  #draining = false;

  constructor(parts: AdvancerParts) {
    this.#parts = parts;
  }

  /** Claims an execution, says that it has `begun`, and runs it until it ends or parks. */
  advance({ tenant, id }: Runnable, begun: () => void = () => {}, gone?: AbortSignal): Promise<Advanced> {
    return this.#arrive(tenant, id, async () => {
      this.#parts.faults.at('claim.before');
      const claim = await this.#parts.executions.claim(tenant, id, gone);
      begun();
      if (claim === null) return null;
      this.#parts.faults.at('claim.after');
      this.#parts.services.onCommit(tenant, id, [], null, false);
      return this.#runOf(claim);
    });
  }

  /** Runs what is claimed already. */
  run(claim: Claim): Promise<Advanced> {
    const { tenant, id } = claim.execution;
    return this.#arrive(tenant, id, () => this.#runOf(claim));
  }

  isRunning(id: string): boolean {
    return this.#runs.has(id);
  }

  /** Tells a run that a signal has come, if it runs here. */
  nudge(id: string): void {
    const arrival = this.#arriving.get(id);
    if (arrival !== undefined) arrival.isNudged = true;
    const run = this.#runs.get(id);
    if (run !== undefined) nudgeRun(run);
  }

  /** Stops a run that was ended from outside, down to the calls it has in flight. */
  abandon(id: string, why: string): void {
    const arrival = this.#arriving.get(id);
    if (arrival !== undefined) arrival.abandoned = why;
    this.#runs.get(id)?.abandon(new SquadraError('EXECUTION_CANCELLED', `Execution ${id} was ${why}.`));
  }

  /** What runs here, and by which claim. */
  owned(): readonly OwnedRun[] {
    return [...this.#runs.values()].map(({ tenant, executionId: id, epoch }) => ({ tenant, id, epoch }));
  }

  /** Stops a run that owns its execution no more, unless another one is in its place already. */
  abandonOwned({ id, epoch }: OwnedRun): void {
    const run = this.#runs.get(id);
    if (run?.epoch !== epoch) return;
    const message = `Execution ${id} was ended, or taken over by another process.`;
    run.abandon(new SquadraError('STALE_OWNER', message, { details: { executionId: id, epoch } }));
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

  async #arrive(tenant: string, id: string, prepare: () => MaybePromise<Prepared | null>): Promise<Advanced> {
    const arrival: Arrival = { isNudged: false, abandoned: null };
    this.#arriving.set(id, arrival);
    let prepared: Prepared | null;
    try {
      const preparing = prepare();
      prepared = preparing instanceof Promise ? await preparing : preparing;
    } finally {
      this.#arriving.delete(id);
    }
    if (prepared === null || arrival.abandoned !== null) return { kind: 'lost' };
    return this.#follow(tenant, id, prepared, arrival.isNudged);
  }

  async #follow(tenant: string, id: string, { run, itemId, begin }: Prepared, isNudged: boolean): Promise<Advanced> {
    const { outcomes, onEnd } = this.#parts;
    this.#runs.set(id, run);
    if (this.#draining) run.drain();
    try {
      const running = begin();
      if (isNudged) nudgeRun(run);
      const advanced = await running;
      this.#runs.delete(id);
      // Before it is announced: who waited for it and then asks what it cost is told.
      if (advanced.kind === 'finished') onEnd(tenant, id, advanced.status, itemId);
      if (advanced.kind === 'finished' && outcomes.isAwaited(id)) outcomes.announce(id, advanced.outcome());
      return advanced;
    } finally {
      this.#runs.delete(id);
    }
  }

  /** Without a squad nothing has to be waited for: a submission begins in the turn in which it was accepted. */
  #runOf(claim: Claim): MaybePromise<Prepared | null> {
    const { workflows, services } = this.#parts;
    const { tenant, squadId, squadVersion } = claim.execution;
    const workflow = workflows.find(claim.execution.workflow);
    if (workflow === null) return leave(claim, services.clock.now());
    const make = (squad: Squad | null): Prepared => runOf(claim, workflow, squad, services);
    if (squadId === null || squadVersion === null) return make(null);
    return this.#parts.squads.pinned(tenant, squadId, squadVersion).then(make);
  }
}

type Prepared = ReturnType<typeof runOf>;
type MaybePromise<T> = T | Promise<T>;

/** Parks an execution whose workflow this process does not have, so that the next one that has it goes on. */
async function leave({ session }: Claim, now: number): Promise<null> {
  await session.commit({ records: [{ kind: 'status', status: 'waiting', wakeAt: now }] });
  return null;
}

/** A run that is fenced meanwhile has nobody left to tell. */
function nudgeRun(run: Run): void {
  run.nudge().catch(() => {});
}
