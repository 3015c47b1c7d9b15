import { createAsker } from './agents/agent-loop.ts';
import { createModelRegistry } from './agents/model-registry.ts';
import type { ProviderV4 } from '@ai-sdk/provider';
import { createPrices } from './agents/pricing.ts';
import { MemoryBus } from './bus/memory/memory-bus.ts';
import { readProcessSettings } from './config/settings.ts';
import type { SettingOptions, Settings } from './config/settings.ts';
import { EmbeddedEngine } from './engines/embedded/embedded-engine.ts';
import { systemClock } from './kernel/clock.ts';
import type { Clock } from './kernel/clock.ts';
import { SquadraError } from './kernel/errors.ts';
import { noFaults } from './kernel/faults.ts';
import type { Faults } from './kernel/faults.ts';
import { createIds } from './kernel/id.ts';
import { checkExecutions } from './orchestrator/check.ts';
import type { CheckedExecution } from './orchestrator/check.ts';
import { routeCommand } from './orchestrator/command-route.ts';
import type { CommandResult } from './orchestrator/command-route.ts';
import type { CommandRequest } from './orchestrator/inbox-service.ts';
import { assemble } from './orchestrator/assembly.ts';
import type { Assembly } from './orchestrator/assembly.ts';
import type { Squadra } from './orchestrator/squadra.ts';
import { WorkflowRegistry } from './orchestrator/workflow-registry.ts';
import type { Catalogue } from './squads/catalogue.ts';
import { readCatalogue } from './squads/catalogue.ts';
import type { SquadStore } from './squads/squad-store.ts';
import type { SquadInput } from './squads/squad.ts';
import type { ApprovalStore } from './work/approval-store.ts';
import type { InboxCommand } from './work/inbox.ts';
import type { StateInspection } from './work/state-inspection.ts';
import { inspectStateFile } from './work/sqlite/state-file-inspection.ts';
import { openSqliteReports } from './work/sqlite/sqlite-reports.ts';
import { openSqliteInbox, openSqliteState, stateOwner } from './work/sqlite/sqlite-state.ts';
import type { SqliteState } from './work/sqlite/sqlite-state.ts';
import type { ExecutionReports, ExecutionStore } from './work/execution-store.ts';
import type { WorkItemStore } from './work/work-item-store.ts';
import type { Asker } from './workflows/asker.ts';
import type { AnyWorkflow, Workflow } from './workflows/workflow.ts';

/** What `openSquadra` takes; everything has a default. */
export interface SquadraOptions {
  /** Short for `settings.stateDir`. */
  readonly stateDir?: string;
  /** Those of the environment in camelCase; they win over it. An unknown one is refused. */
  readonly settings?: SettingOptions;
  readonly workflows?: readonly AnyWorkflow[];
  /** Created for tenant `local` where missing, by name; an existing one is left as it is. */
  readonly squads?: readonly SquadInput[];
  /** AI SDK providers by name, beside those built in. */
  readonly models?: Readonly<Record<string, ProviderV4>>;
}

/** What tests and commands of the product replace. */
export interface Surroundings {
  readonly clock: Clock;
  readonly faults: Faults;
  readonly random: () => number;
  /** What the process is, for whoever finds the state locked. */
  readonly command: string;
  /** False opens the state without running anything: for commands that change something while nobody runs it. */
  readonly runs: boolean;
  /** Stands between the runs and the store: tests watch there, or plant a bug that has to be found. */
  readonly decorate: (executions: ExecutionStore) => ExecutionStore;
  /** Milliseconds that the offline model takes for each few words; null leaves it as it is. */
  readonly offlinePaceMs: number | null;
}

const optionNames = new Set(['stateDir', 'settings', 'workflows', 'squads', 'models']);
const production: Surroundings = {
  clock: systemClock,
  faults: noFaults,
  random: Math.random,
  command: 'library',
  runs: true,
  offlinePaceMs: null,
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
  const { squadra } = await open(options, replaced);
  return squadra;
}

async function open(options: SquadraOptions, replaced: Partial<Surroundings>): Promise<Assembly> {
  for (const name of Object.keys(options)) {
    if (!optionNames.has(name))
      throw new SquadraError(
        'INVALID_SETTING',
        `'${name}' is no option of openSquadra; those there are: ${[...optionNames].join(', ')}.`,
      );
  }
  const surroundings = { ...production, ...replaced };
  const settings = settingsOf(options);
  // Before anything is opened: what is wrong with the workflows should not leave a file behind.
  // Only `defineWorkflow` makes workflows, so what is hidden of their types is there.
  const workflows = new WorkflowRegistry((options.workflows ?? []) as readonly Workflow[]);
  const state = await openSqliteState(settings, surroundings.clock, surroundings.command);
  try {
    return await start(state, settings, options, workflows, surroundings);
  } catch (error) {
    await state[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Has a command done by the process that runs a state folder; where none does, takes the folder for as long as it lasts.
 * Throws what the command throws, or `SHUTTING_DOWN` when the owner did not answer in time.
 */
export async function sendCommand(
  options: StateOptions,
  request: CommandRequest,
  timeoutMs: number,
): Promise<CommandResult> {
  const settings = settingsOf(options);
  const ways = {
    isOwned: () => stateOwner(settings.stateDir) !== null,
    send: (command: InboxCommand) => openSqliteInbox(settings.stateDir, systemClock).send(command, timeoutMs),
    takeOneself: async (command: InboxCommand) => {
      const { squadra, service } = await open(options, { command: request.name, runs: false });
      await using _squadra = squadra;
      return await service.take(command);
    },
  };
  return routeCommand(ways, { ...request, id: createIds(systemClock)() });
}

/** Replays what is in flight against the workflows of `options`, beside whoever runs it, without doing anything. */
export async function* checkState(
  options: SquadraOptions,
  tenant: string,
): AsyncGenerator<CheckedExecution, void, void> {
  const settings = settingsOf(options);
  const { clock, random } = production;
  const workflows = new WorkflowRegistry((options.workflows ?? []) as readonly Workflow[]);
  await using state = openSqliteReports(settings, clock);
  const asker = askerOf(settings, options, production, readCatalogue());
  yield* checkExecutions({ ...state, workflows, services: { clock, random, limits: settings, asker } }, tenant);
}

/** Looks at a state folder from outside. */
export function inspectState(options: StateOptions): StateInspection {
  return inspectStateFile(settingsOf(options).stateDir);
}

/** Which state folder, and how it is opened. */
export type StateOptions = Pick<SquadraOptions, 'stateDir' | 'settings'>;

/** The reading half of a state folder. */
export interface StateReports extends AsyncDisposable {
  readonly reports: ExecutionReports;
  readonly squads: Pick<SquadStore, 'find' | 'atVersion' | 'list'>;
  readonly workItems: Pick<WorkItemStore, 'get' | 'list' | 'statistics'>;
  readonly approvals: Pick<ApprovalStore, 'get' | 'list'>;
}

/** Opens a state folder for reading, beside the process that runs it or alone. Throws `NOT_FOUND` when there is no state yet. */
export function openReports(options: StateOptions): StateReports {
  return openSqliteReports(settingsOf(options), systemClock);
}

function settingsOf({ settings, stateDir }: SquadraOptions): Settings {
  return readProcessSettings(stateDir === undefined ? settings : { ...settings, stateDir });
}

function askerOf(
  settings: Settings,
  { models }: SquadraOptions,
  { clock, offlinePaceMs }: Surroundings,
  catalogue: Catalogue,
): Asker {
  const registry = createModelRegistry({
    settings,
    clock,
    ...(models === undefined ? {} : { models }),
    ...(offlinePaceMs === null ? {} : { offlinePaceMs }),
  });
  return createAsker({ registry, catalogue, settings, clock, prices: createPrices(clock) });
}

function start(
  state: SqliteState,
  settings: Settings,
  options: SquadraOptions,
  workflows: WorkflowRegistry,
  surroundings: Surroundings,
): Promise<Assembly> {
  const { clock } = surroundings;
  const catalogue = readCatalogue();
  return assemble({
    ...surroundings,
    settings,
    workflows,
    catalogue,
    state: { ...state, executions: surroundings.decorate(state.executions) },
    closing: state,
    engine: new EmbeddedEngine(settings, clock),
    bus: new MemoryBus(),
    asker: askerOf(settings, options, surroundings, catalogue),
    squads: options.squads ?? [],
    storeStatistics: () => ({ writer: state.writer.statistics(), readers: state.readers.statistics() }),
  });
}
