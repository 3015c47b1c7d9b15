import { createIds } from '../../src/kernel/id.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import type { Faults } from '../../src/kernel/faults.ts';
import { noFaults } from '../../src/kernel/faults.ts';
import type { Json } from '../../src/kernel/json.ts';
import { MemoryBus } from '../../src/bus/memory/memory-bus.ts';
import { LiveText } from '../../src/bus/live-text.ts';
import type { Engine } from '../../src/engines/engine.ts';
import { MemoryCache } from '../../src/cache/memory/memory-cache.ts';
import { Gate } from '../../src/flow/gate.ts';
import { RoomLines } from '../../src/flow/room-lines.ts';
import { Advancer } from '../../src/orchestrator/advancer.ts';
import { BudgetKeeping } from '../../src/orchestrator/budgets.ts';
import { Commands } from '../../src/orchestrator/commands.ts';
import type { EventSources } from '../../src/orchestrator/events.ts';
import { Forks } from '../../src/orchestrator/forks.ts';
import { Pruning } from '../../src/orchestrator/housekeeping.ts';
import { InboxService } from '../../src/orchestrator/inbox-service.ts';
import { Outcomes } from '../../src/orchestrator/outcomes.ts';
import { resumeAll } from '../../src/orchestrator/recovery.ts';
import { RunHandle } from '../../src/orchestrator/run-handle.ts';
import { SquadDirectory } from '../../src/orchestrator/squad-directory.ts';
import { StoredEvents } from '../../src/orchestrator/stored-events.ts';
import { Submissions } from '../../src/orchestrator/submissions.ts';
import type { SubmitRequest } from '../../src/orchestrator/submissions.ts';
import { WorkflowRegistry } from '../../src/orchestrator/workflow-registry.ts';
import { readCatalogue } from '../../src/squads/catalogue.ts';
import type { Execution } from '../../src/work/execution.ts';
import type { ExecutionStore, Outcome } from '../../src/work/execution-store.ts';
import type { ConvoyPort } from '../../src/workflows/convoy-step.ts';
import type { Asker } from '../../src/workflows/asker.ts';
import type { RunLimits, RunServices } from '../../src/workflows/run-services.ts';
import type { AnyWorkflow, Workflow } from '../../src/workflows/workflow.ts';
import type { ContractState } from '../contracts/contract-state.ts';

/** What an engine that is more than this process has to know of it. */
export interface EngineHost {
  /** The clock of the test, whose timers do not end with the process. */
  readonly world: Clock;
  /** The test waits until this has come to its end. */
  readonly follow: (operation: Promise<void>) => Promise<void>;
  /** Aborts when the process is gone. */
  readonly gone: AbortSignal;
  readonly look: (tenant: string, id: string) => Promise<Execution | null>;
}

/** Makes the engine of one process. */
export type EngineFactory = (
  settings: { readonly maxConcurrentExecutions: number },
  clock: Clock,
  host: EngineHost,
) => Engine;

export interface AssemblyOptions {
  readonly state: ContractState;
  readonly clock: Clock;
  readonly makeEngine: EngineFactory;
  readonly workflows: readonly AnyWorkflow[];
  /** Where the engine asks for it. */
  readonly host?: Omit<EngineHost, 'look'>;
  /** The state's own, unless something stands before it. */
  readonly executions?: ExecutionStore;
  readonly asker?: Asker;
  readonly limits?: Partial<RunLimits>;
  readonly maxConcurrentExecutions?: number;
  readonly maxQueuedExecutions?: number;
  readonly faults?: Faults;
  readonly random?: () => number;
  readonly tenant?: string;
}

const noAsker: Asker = { ask: () => Promise.reject(new Error('This test asks nobody.')) };
/** Nothing ends by itself in a test that does not want it: an hour is for ever. */
const limits: RunLimits = {
  maxResultBytes: 4 * 1024 * 1024,
  maxSteps: 10_000,
  maxJournalBytes: 64 * 1024 * 1024,
  stepTimeoutMs: 3_600_000,
  stallTimeoutMs: 3_600_000,
};
const noAccess = {
  addKey: () => Promise.reject(new Error('This test makes no key.')),
  revokeKey: () => Promise.reject(new Error('This test revokes no key.')),
};
const noSchedules = {
  create: () => Promise.reject(new Error('This test has no schedules.')),
  setStatus: () => Promise.reject(new Error('This test has no schedules.')),
  remove: () => Promise.reject(new Error('This test has no schedules.')),
};
const noConvoys: ConvoyPort = {
  create: () => Promise.reject(new Error('This test has no convoys.')),
  results: () => Promise.reject(new Error('This test has no convoys.')),
};
const noConvoyRunner = {
  stop: () => Promise.reject(new Error('This test has no convoys.')),
  retry: () => Promise.reject(new Error('This test has no convoys.')),
};
const catalogue = readCatalogue();

/** One process as `compose.ts` puts it together, on a given engine and over a given store. */
export class Assembly {
  readonly engine: Engine;
  readonly commands: Commands;
  readonly budgets: BudgetKeeping;
  readonly outcomes: Outcomes;
  readonly advancer: Advancer;
  /** Takes commands that other processes left. */
  readonly inbox: InboxService;
  readonly bus = new MemoryBus();
  readonly events: EventSources;
  readonly tenant: string;
  readonly #state: ContractState;
  readonly squads: SquadDirectory;
  readonly #submissions: Submissions;
  readonly #forks: Forks;
  readonly #workflows: WorkflowRegistry;

  constructor(options: AssemblyOptions) {
    const { state, clock, faults = noFaults, maxConcurrentExecutions = 1_000, maxQueuedExecutions = 100_000 } = options;
    const { executions = state.executions, asker = noAsker, random = () => 0.5, tenant = 'local' } = options;
    const ids = createIds(clock);
    this.tenant = tenant;
    this.#state = state;
    const cache = new MemoryCache({ cacheEntries: 100 }, clock);
    const squads = new SquadDirectory(state.squads, { catalogue, ids, clock, cache, tools: { check: () => {} } });
    this.squads = squads;
    const workflows = new WorkflowRegistry(options.workflows as readonly Workflow[]);
    this.#workflows = workflows;
    const { host = { world: clock, follow: (operation) => operation, gone: new AbortController().signal } } = options;
    this.engine = options.makeEngine({ maxConcurrentExecutions }, clock, {
      ...host,
      look: (tenantOf, id) => state.reports.get(tenantOf, id),
    });
    this.outcomes = new Outcomes(state.reports, (id) => this.advancer.isRunning(id));
    const liveText = new LiveText(this.bus, clock, { maxLiveTextBytes: 10_000 });
    this.events = { stored: new StoredEvents(state.reports), bus: this.bus, liveText };
    const room = new RoomLines(clock, (execution) => this.engine.wake(execution));
    const services: RunServices = {
      clock,
      faults,
      random,
      asker,
      convoys: noConvoys,
      limits: { ...limits, ...options.limits },
      onDelta: (delta) => this.events.liveText.add(delta),
      onCallEnd: (call) => this.events.liveText.end(call),
      onBudgetRefusal: () => {},
      watch: () => null,
      room,
      onCommit: (tenantOf, executionId, settled) => {
        this.bus.publish({ kind: 'committed', tenant: tenantOf, executionId });
        room.givenBack(tenantOf, settled);
      },
    };
    this.advancer = new Advancer({
      executions,
      squads,
      workflows,
      outcomes: this.outcomes,
      services,
      faults,
      onEnd: () => {},
    });
    const settings = { maxInputBytes: 1024 * 1024 };
    const { engine, advancer, outcomes, bus } = this;
    const gate = new Gate({ maxQueuedExecutions, backpressureThreshold: 1 }, clock, () => engine.statistics());
    const intake = { settings, gate, clock, ids, faults, executions, engine, advancer, squads, workflows, bus };
    this.#submissions = new Submissions(intake);
    const { maxInputBytes } = settings;
    const { approvals, budgets, reports, workItems } = state;
    const workspaces = { copy: async () => {}, remove: async () => {} };
    this.#forks = new Forks({ ...intake, reports, workItems, workspaces, budgets });
    this.commands = new Commands({
      executions,
      approvals,
      engine,
      advancer,
      outcomes,
      bus,
      ids,
      faults,
      maxInputBytes,
    });
    this.budgets = new BudgetKeeping({ budgets, squads, engine, advancer, room });
    const pruning = new Pruning({
      executions,
      convoys: state.convoys,
      workspaces,
      metrics: { catchUp: async () => {} },
      onLeftOver: () => {},
    });
    this.inbox = new InboxService({
      commands: this.commands,
      forks: this.#forks,
      pruning,
      access: noAccess,
      budgets: this.budgets,
      schedules: noSchedules,
      convoys: noConvoyRunner,
      status: () => {
        throw new Error('Nobody asks for it here.');
      },
    });
    engine.serve((runnable, begun) => advancer.advance(runnable, begun));
  }

  async submit(workflow: AnyWorkflow | string, request: SubmitRequest = { input: {} }): Promise<string> {
    const { id } = await this.#submissions.submit(this.tenant, workflow as Workflow | string, request);
    return id;
  }

  /** Takes up what another process left behind. */
  async resume(): Promise<number> {
    const isKnown = (name: string): boolean => this.#workflows.find(name) !== null;
    return (await resumeAll(this.#state.reports, this.engine, isKnown)).count;
  }

  run(id: string): RunHandle<unknown> {
    const { commands, outcomes, events } = this;
    const { reports } = this.#state;
    return new RunHandle(this.tenant, id, { commands, outcomes, events, reports, forks: this.#forks });
  }

  result(id: string): Promise<Outcome<Json>> {
    return this.outcomes.wait(this.tenant, id);
  }

  /** What a graceful stop does, up to the closing of the state. */
  async drain(): Promise<void> {
    const drained = this.engine.drain();
    this.advancer.drain();
    await drained;
  }
}
