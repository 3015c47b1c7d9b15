import { join, resolve } from 'node:path';
import { createAsker } from './agents/agent-loop.ts';
import type { AgentAsker } from './agents/agent-loop.ts';
import { secretsOf } from './agents/built-in-providers.ts';
import { createModelRegistry } from './agents/model-registry.ts';
import { createPrices } from './agents/pricing.ts';
import type { Prices } from './agents/pricing.ts';
import { ModelThreads } from './agents/threads/model-threads.ts';
import { createToolbox } from './agents/tools/toolbox.ts';
import type { Toolbox } from './agents/tools/toolbox.ts';
import { copyWorkspace, removeWorkspace } from './agents/tools/workspace/copy-workspace.ts';
import { listWorkspace, readWorkspaceFile } from './agents/tools/workspace/read-workspace.ts';
import { MemoryBus } from './bus/memory/memory-bus.ts';
import { MemoryCache } from './cache/memory/memory-cache.ts';
import type { Cache } from './cache/cache.ts';
import { readBootstrapKey } from './config/bootstrap-key.ts';
import { readMcpServers } from './config/mcp-servers.ts';
import { readPrices } from './config/prices.ts';
import { readProcessSettings } from './config/settings.ts';
import type { SettingOptions, Settings } from './config/settings.ts';
import { EmbeddedEngine } from './engines/embedded/embedded-engine.ts';
import type { Admission } from './flow/admission.ts';
import { ModelAdmission } from './flow/model-admission.ts';
import type { AdmissionSettings } from './flow/model-admission.ts';
import { MachineProbe } from './flow/machine/machine-probe.ts';
import type { ResourceProbe } from './flow/resource-probe.ts';
import { systemClock } from './kernel/clock.ts';
import type { Clock } from './kernel/clock.ts';
import { noFaults } from './kernel/faults.ts';
import type { Faults } from './kernel/faults.ts';
import { createIds } from './kernel/id.ts';
import { checkExecutions } from './orchestrator/check.ts';
import type { CheckedExecution } from './orchestrator/check.ts';
import { routeCommand } from './orchestrator/command-route.ts';
import type { CommandResult } from './orchestrator/command-route.ts';
import type { CommandRequest } from './orchestrator/inbox-service.ts';
import { assemble } from './orchestrator/assembly.ts';
import type { Assembly } from './orchestrator/assembly-parts.ts';
import { askStatus } from './orchestrator/process-status.ts';
import type { ProcessStatus } from './orchestrator/process-status.ts';
import type { Squadra } from './orchestrator/squadra.ts';
import type { StateReports } from './orchestrator/state-reports.ts';
import { checkOptions } from './orchestrator/squadra-options.ts';
import type { SquadraOptions } from './orchestrator/squadra-options.ts';
import { WorkflowRegistry } from './orchestrator/workflow-registry.ts';
import type { Catalogue } from './squads/catalogue.ts';
import { readCatalogue } from './squads/catalogue.ts';
import { createLogger } from './telemetry/logger.ts';
import { openTracing } from './telemetry/open-tracing.ts';
import type { InboxCommand } from './work/inbox.ts';
import type { StateInspection, StateOwner } from './work/state-inspection.ts';
import { inspectStateFile } from './work/sqlite/state-file-inspection.ts';
import { openSqliteReports } from './work/sqlite/sqlite-reports.ts';
import { openSqliteInbox, openSqliteState, stateOwner } from './work/sqlite/sqlite-state.ts';
import type { ExecutionStore } from './work/execution-store.ts';
import type { Workflow } from './workflows/workflow.ts';

export type { SquadraOptions } from './orchestrator/squadra-options.ts';

/** What tests and commands of the product replace. */
export interface Surroundings {
  readonly clock: Clock;
  readonly faults: Faults;
  readonly random: () => number;
  /** What the process is, for whoever finds the state locked. */
  readonly command: string;
  /** False opens the state without running anything: for commands that change something while nobody runs it. */
  readonly runs: boolean;
  /** Whether commands of other processes are looked for while it runs. */
  readonly takesCommands: boolean;
  /** Stands between the runs and the store: tests watch there, or plant a bug that has to be found. */
  readonly decorate: (executions: ExecutionStore) => ExecutionStore;
  /** Milliseconds that the offline model takes for each few words; null leaves it as it is. */
  readonly offlinePaceMs: number | null;
  /** What every model call passes before it leaves. */
  readonly openAdmission: (settings: AdmissionSettings, clock: Clock) => Admission;
  /** What tells how busy the machine is. */
  readonly openProbe: () => ResourceProbe;
  /** Where settings come from that the options do not give: the environment of the process. */
  readonly readSettings: (overrides?: SettingOptions) => Settings;
}

const production: Surroundings = {
  clock: systemClock,
  faults: noFaults,
  random: Math.random,
  command: 'library',
  runs: true,
  takesCommands: true,
  offlinePaceMs: null,
  openAdmission: (settings, clock) => new ModelAdmission(settings, clock),
  openProbe: () => new MachineProbe(),
  readSettings: readProcessSettings,
  decorate: (executions) => executions,
};

/**
 * Opens a state folder, takes it for this process, and resumes what was under way.
 *
 * Throws `INVALID_SETTING` with every problem at once, `STORE_LOCKED` naming the process that runs the folder, or why the
 * state cannot be opened.
 *
 * ```ts
 * import { defineWorkflow, openSquadra } from 'squadra';
 *
 * const greet = defineWorkflow({ name: 'greet', run: ({ step }) => step.run('greet', () => 'Hello') });
 *
 * await using squadra = await openSquadra({ stateDir: '.squadra', workflows: [greet] });
 * const run = await squadra.submit(greet, { input: {} });
 * console.log(await run.result());
 * ```
 */
export function openSquadra(options: SquadraOptions = {}): Promise<Squadra> {
  return openSquadraIn(options, production);
}

/** `openSquadra` with some of its surroundings replaced. */
export async function openSquadraIn(options: SquadraOptions, replaced: Partial<Surroundings>): Promise<Squadra> {
  const { squadra } = await openAssembly(options, replaced);
  return squadra;
}

/** `openSquadraIn`, with what stands beside the library's face. */
export async function openAssembly(options: SquadraOptions, replaced: Partial<Surroundings>): Promise<Assembly> {
  checkOptions(options);
  const surroundings = { ...production, ...replaced };
  const settings = settingsOf(options, surroundings.readSettings);
  const { clock } = surroundings;
  // Before anything is opened: what is wrong with the options should not leave a file behind.
  const prices = createPrices(clock, readPrices(options.prices));
  const mcpServers = readMcpServers(options.mcp);
  const bootstrapKey = readBootstrapKey(settings);
  const workflows = workflowsOf(options);
  const opened = new AsyncDisposableStack();
  try {
    const state = opened.use(await openSqliteState(settings, clock, surroundings.command));
    const logger = createLogger(settings.logLevel);
    const tracing = opened.use(await openTracing(settings, { clock, logger, secrets: secretsOf(settings) }));
    const workspaceRoot = workspacesOf(settings);
    const tools = options.tools ?? [];
    const toolbox = opened.use(await createToolbox({ settings, mcpServers, tools, workspaceRoot, clock, logger }));
    const catalogue = readCatalogue();
    const cache = new MemoryCache(settings, clock);
    const admission = surroundings.openAdmission(settings, clock);
    // A thread has to start first: worth it for whoever serves many, not for a short life.
    const modelThreads = settings.modelThreads ?? (surroundings.command === 'serve' ? 1 : 0);
    const threads = modelThreads === 0 ? null : opened.use(new ModelThreads(modelThreads, settings));
    const asker = askerOf({ settings, prices, toolbox, catalogue, cache, admission, threads }, options, surroundings);
    return await assemble({
      ...surroundings,
      settings,
      logger,
      tracing,
      workflows,
      catalogue,
      tools: toolbox,
      state: { ...state, executions: surroundings.decorate(state.executions) },
      closing: opened,
      engine: new EmbeddedEngine(settings, clock),
      probe: surroundings.openProbe(),
      providers: admission,
      bus: new MemoryBus(),
      cache,
      asker,
      agents: asker.pool,
      bootstrapKey,
      squads: options.squads ?? [],
      workspaces: {
        copy: (from, to) => copyWorkspace(workspaceRoot, from, to),
        remove: (id) => removeWorkspace(workspaceRoot, id),
        list: (id) => listWorkspace(workspaceRoot, id),
        read: (id, path) => readWorkspaceFile(workspaceRoot, id, path),
      },
      adapterStatistics: () => ({
        writer: state.writer.statistics(),
        readers: state.readers.statistics(),
        ...asker.stats(),
      }),
    });
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

/**
 * Has a command done by the process that runs a state folder; where none does, takes the folder for as long as it lasts.
 * Throws what the command throws, or `SHUTTING_DOWN` when the owner did not answer in time.
 */
export async function sendCommand(
  options: StateOptions & Pick<SquadraOptions, 'workflows'>,
  request: CommandRequest,
  timeoutMs: number,
): Promise<CommandResult> {
  const settings = settingsOf(options);
  const ways = {
    isOwned: () => stateOwner(settings.stateDir) !== null,
    send: (command: InboxCommand) => openSqliteInbox(settings.stateDir, systemClock).send(command, timeoutMs),
    takeOneself: async (command: InboxCommand) => {
      const { squadra, service } = await openAssembly(options, { command: request.name, runs: false });
      await using _squadra = squadra;
      return await service.take(command);
    },
  };
  return routeCommand(ways, { ...request, id: createIds(systemClock)() });
}

/**
 * Who runs a state folder, and how busy that process is: null where it does not say within the time, for it may be busy, on its
 * way out, or of another version. Null when nobody runs it. It is not asked where the time is null.
 */
export async function readOwner(
  options: StateOptions,
  timeoutMs: number | null,
): Promise<{ readonly owner: StateOwner; readonly status: ProcessStatus | null } | null> {
  const { stateDir } = settingsOf(options);
  const owner = stateOwner(stateDir);
  if (owner === null) return null;
  const ask = (ms: number) => askStatus(openSqliteInbox(stateDir, systemClock), createIds(systemClock)(), ms);
  return { owner, status: timeoutMs === null ? null : await ask(timeoutMs) };
}

/** Replays what is in flight against the workflows of `options`, beside whoever runs it, without doing anything. */
export async function* checkState(
  options: SquadraOptions,
  tenant: string,
): AsyncGenerator<CheckedExecution, void, void> {
  const settings = settingsOf(options);
  const { clock, random } = production;
  const workflows = workflowsOf(options);
  await using state = openSqliteReports(settings, clock);
  const prices = createPrices(clock, readPrices(options.prices));
  const asker = askerOf(
    {
      settings,
      prices,
      toolbox: noToolbox,
      catalogue: readCatalogue(),
      cache: new MemoryCache(settings, clock),
      admission: production.openAdmission(settings, clock),
    },
    options,
    production,
  );
  yield* checkExecutions({ ...state, workflows, services: { clock, random, limits: settings, asker } }, tenant);
}

/** Looks at a state folder from outside. */
export function inspectState(options: StateOptions): StateInspection {
  return inspectStateFile(settingsOf(options).stateDir);
}

/** Which state folder, and how it is opened. */
export type StateOptions = Pick<SquadraOptions, 'stateDir' | 'settings'>;

/** Opens a state folder for reading, beside the process that runs it or alone. Throws `NOT_FOUND` when there is no state yet. */
export function openReports(options: StateOptions): StateReports {
  return openSqliteReports(settingsOf(options), systemClock);
}

function settingsOf({ settings, stateDir }: SquadraOptions, read = readProcessSettings): Settings {
  return read(stateDir === undefined ? settings : { ...settings, stateDir });
}

/** Only `defineWorkflow` makes workflows, so what is hidden of their types is there. */
function workflowsOf({ workflows = [] }: SquadraOptions): WorkflowRegistry {
  return new WorkflowRegistry(workflows as readonly Workflow[]);
}

/** The folder that holds a workspace for each execution. */
function workspacesOf({ stateDir }: Settings): string {
  return join(resolve(stateDir), 'out');
}

/** For who makes no calls: tools are looked up within the calls that need them. */
const noToolbox: Pick<Toolbox, 'toolsOf'> = {
  toolsOf: () => Promise.reject(new Error('Unreachable: nothing is called here.')),
};

interface AgentParts {
  readonly settings: Settings;
  readonly prices: Prices;
  readonly toolbox: Pick<Toolbox, 'toolsOf'>;
  readonly catalogue: Catalogue;
  readonly cache: Cache;
  readonly admission: Admission;
  readonly threads?: ModelThreads | null;
}

function askerOf(parts: AgentParts, { models }: SquadraOptions, { clock, offlinePaceMs }: Surroundings): AgentAsker {
  const { settings, threads = null } = parts;
  const registry = createModelRegistry({
    settings,
    ...(threads === null ? {} : { threads }),
    clock,
    ...(models === undefined ? {} : { models }),
    ...(offlinePaceMs === null ? {} : { offlinePaceMs }),
  });
  return createAsker({ ...parts, registry, clock, workspaceRoot: workspacesOf(settings) });
}
