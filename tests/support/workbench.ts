import { afterAll, beforeAll } from 'vitest';
import { EmbeddedEngine } from '../../src/engines/embedded/embedded-engine.ts';
import type { Execution } from '../../src/work/execution.ts';
import type { Journaled, StepRecord } from '../../src/work/journal.ts';
import type { AnyWorkflow } from '../../src/workflows/workflow.ts';
import type { ContractState, OpenState } from '../contracts/contract-state.ts';
import { openTemporaryState } from '../work/sqlite/open-state.ts';
import { Assembly } from './assembly.ts';
import type { AssemblyOptions, EngineFactory } from './assembly.ts';
import { Bodies } from './bodies.ts';
import { Meter, meteredState } from './metered-store.ts';
import { Life } from './mortal-store.ts';
import { scriptedAsker } from './scripted-asker.ts';
import { TestClock } from '../../src/testing/test-clock.ts';

export const embedded: EngineFactory = (settings, clock) => new EmbeddedEngine(settings, clock);

interface Ground {
  readonly state: ContractState;
  readonly clock: TestClock;
  readonly meter: Meter;
  /** Clears what one bench leaves. */
  clear(): Promise<void>;
}

/**
 * A state for all tests of a file or a `describe`, and a bench on it for each: opening a state takes longer than most tests.
 * What a test leaves unfinished is cancelled, so that the next one does not resume it.
 */
export function sharedWorkbench(
  makeEngine: EngineFactory = embedded,
  openState: OpenState = openTemporaryState,
): () => Workbench {
  const meter = new Meter();
  const clock = new TestClock();
  let state: ContractState | null = null;
  beforeAll(async () => void (state = meteredState(await openState(clock), meter)));
  afterAll(() => state?.[Symbol.asyncDispose]());
  return () => {
    if (state === null) throw new Error('A bench is for the inside of a test.');
    const open = state;
    return new Workbench(makeEngine, { state: open, clock, meter, clear: () => cancelAll(open) });
  };
}

async function cancelAll({ reports, executions }: ContractState): Promise<void> {
  for (const { tenant, id } of await reports.open('', 1_000)) await executions.cancel(tenant, id, 'The test is over.');
}

/** One state and the processes that run it, on a clock of the test's own. */
export class Workbench implements AsyncDisposable {
  readonly clock: TestClock;
  readonly bodies = new Bodies();
  readonly state: ContractState;
  readonly #ground: Ground;
  readonly #makeEngine: EngineFactory;
  readonly #lives: Life[] = [];

  constructor(makeEngine: EngineFactory, ground: Ground) {
    this.#makeEngine = makeEngine;
    this.#ground = ground;
    this.clock = ground.clock;
    this.state = ground.state;
  }

  /** Starts a process; `life` ends it. */
  start(
    workflows: readonly AnyWorkflow[],
    options: Partial<AssemblyOptions> = {},
  ): { readonly process: Assembly; readonly life: Life } {
    const life = new Life(null);
    this.#lives.push(life);
    const process = new Assembly({
      state: this.state,
      clock: life.clock(this.clock),
      makeEngine: this.#makeEngine,
      host: { world: this.clock, follow: (operation) => this.#ground.meter.follow(operation), gone: life.gone },
      asker: scriptedAsker(this.bodies.enter),
      workflows,
      ...options,
      executions: life.store(options.executions ?? this.state.executions),
    });
    return { process, life };
  }

  /** Everything has come to rest: nothing is on its way to the state or back. */
  quiet(): Promise<void> {
    return this.#ground.meter.quiet();
  }

  /** Time passes; what becomes due is done with before it goes on. */
  async pass(ms: number): Promise<void> {
    await this.quiet();
    const end = this.clock.now() + ms;
    for (let next = this.clock.untilNextMs; next !== null; next = this.clock.untilNextMs) {
      if (this.clock.now() + next > end) break;
      await this.clock.advance(next);
      await this.quiet();
    }
    await this.clock.advance(end - this.clock.now());
    await this.quiet();
  }

  /** Ends a body and waits until everything has come to rest. */
  async end(key: string, value?: unknown): Promise<void> {
    await this.quiet();
    this.bodies.get(key).resolve(value);
    await this.quiet();
  }

  async fail(key: string, error: Error): Promise<void> {
    await this.quiet();
    this.bodies.get(key).reject(error);
    await this.quiet();
  }

  async get(id: string): Promise<Execution> {
    await this.quiet();
    const execution = await this.state.reports.get('local', id);
    if (execution === null) throw new Error(`There is no execution ${id}.`);
    return execution;
  }

  async records(id: string): Promise<readonly Journaled[]> {
    await this.quiet();
    return this.state.reports.records('local', id, 0, 10_000);
  }

  /** What the journal says about steps. */
  async steps(id: string): Promise<readonly Journaled<StepRecord>[]> {
    const records = await this.records(id);
    return records.filter((record): record is Journaled<StepRecord> => record.kind === 'step');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const life of this.#lives) life.end();
    await this.quiet();
    await this.#ground.clear();
  }
}
