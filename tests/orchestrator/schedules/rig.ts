import { createIds } from '../../../src/kernel/id.ts';
import { noFaults } from '../../../src/kernel/faults.ts';
import type { Faults } from '../../../src/kernel/faults.ts';
import { ScheduleRunner } from '../../../src/orchestrator/schedules/schedule-runner.ts';
import { checkSchedule } from '../../../src/orchestrator/schedules/schedule-input.ts';
import type { TestClock } from '../../../src/testing/test-clock.ts';
import type { Execution } from '../../../src/work/execution.ts';
import type { Schedule, ScheduleRequest } from '../../../src/work/schedule.ts';
import { newId, status } from '../../contracts/contract-state.ts';
import type { ContractState } from '../../contracts/contract-state.ts';
import { Meter, meteredState } from '../../support/metered-store.ts';

/** A process's schedules over a state, without an engine: executions end when the test says so. */
export class Rig {
  readonly state: ContractState;
  readonly clock: TestClock;
  readonly tenant: string;
  readonly errors: unknown[] = [];
  readonly maxWaiting: number;
  /** What the engine was handed, oldest first. */
  begun: string[] = [];
  runner: ScheduleRunner;
  readonly #meter = new Meter();
  readonly #known = new Set(['feature']);

  readonly #isShared: boolean;

  constructor(state: ContractState, clock: TestClock, tenant: string, maxWaiting = 1_000, isShared = false) {
    this.#isShared = isShared;
    this.state = meteredState(state, this.#meter);
    this.clock = clock;
    this.tenant = tenant;
    this.maxWaiting = maxWaiting;
    this.runner = this.#open(noFaults);
  }

  /** Takes the place of the process before, which says and hears nothing more. */
  async restart(faults: Faults = noFaults): Promise<void> {
    this.runner[Symbol.dispose]();
    await this.#meter.quiet();
    this.runner = this.#open(faults);
    await this.runner.load();
    this.runner.serve();
    await this.advance(0);
  }

  forgetWorkflow(name: string): void {
    this.#known.delete(name);
  }

  async create(request: ScheduleRequest): Promise<string> {
    const { tenant, clock, state } = this;
    const now = clock.now();
    const id = await state.schedules.create(
      tenant,
      {
        ...checkSchedule({ input: 1, ...request }, now),
        id: newId(),
        userId: null,
        status: 'active',
        version: 1,
        squadId: null,
        workflow: 'feature',
        input: '1',
        isRequest: false,
        idempotency: null,
        createdAt: now,
        updatedAt: now,
      },
      1_000,
    );
    this.runner.adopt(await this.schedule(id));
    return id;
  }

  /** Moves the clock, with all that follows from it. */
  async advance(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    for (;;) {
      await this.#meter.quiet();
      const left = end - this.clock.now();
      await this.clock.advance(Math.min(left, this.clock.untilNextMs ?? left));
      await this.#meter.quiet();
      if (this.clock.now() >= end) return;
    }
  }

  /** Sets the clock as for a machine that slept, or whose clock was set; what looks at it does within a second. */
  async set(nowMs: number): Promise<void> {
    this.clock.set(nowMs);
    await this.advance(1_000);
  }

  /** Ends an execution that was begun. */
  async end(executionId: string | undefined): Promise<void> {
    const claim = await this.state.executions.claim(this.tenant, executionId ?? '');
    await claim?.session.commit({ records: [status('completed', { output: '1' })] });
    this.runner.ended(executionId ?? '');
    await this.#meter.quiet();
  }

  async schedule(id: string): Promise<Schedule> {
    const schedule = await this.state.schedules.get(this.tenant, id);
    if (schedule === null) throw new Error(`There is no schedule ${id}.`);
    return schedule;
  }

  /** What the schedule made, by tick. */
  async firings(id: string): Promise<readonly { readonly tick: number; readonly execution: Execution }[]> {
    const executions = await this.state.reports.list(this.tenant, { scheduleId: id, limit: 10_000 });
    return executions.map((execution) => ({ tick: tickOf(execution), execution })).toSorted((a, b) => a.tick - b.tick);
  }

  #open(faults: Faults): ScheduleRunner {
    const { state, clock } = this;
    return new ScheduleRunner({
      store: state.schedules,
      engine: { start: ({ id }) => void this.begun.push(id) },
      bus: { publish: () => {} },
      clock,
      ids: createIds(clock),
      faults,
      maxWaitingFirings: this.maxWaiting,
      isShared: this.#isShared,
      isKnown: (name) => this.#known.has(name),
      onUnknown: () => {},
      onError: (error) => void this.errors.push(error),
    });
  }
}

function tickOf({ metadata }: Execution): number {
  const { schedule } = metadata as { readonly schedule: { readonly tick: string } };
  return Date.parse(schedule.tick);
}
