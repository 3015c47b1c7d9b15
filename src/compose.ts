import { join, resolve } from 'node:path';
import { createAsker } from './agents/agent-loop.ts';
import { createModelRegistry } from './agents/model-registry.ts';
import { createToolbox } from './agents/tools/toolbox.ts';
import type { Toolbox } from './agents/tools/toolbox.ts';
import { createPrices } from './agents/pricing.ts';
import type { Prices } from './agents/pricing.ts';
import { copyWorkspace, removeWorkspace } from './agents/tools/workspace/copy-workspace.ts';
import { MemoryBus } from './bus/memory/memory-bus.ts';
import { readMcpServers } from './config/mcp-servers.ts';
import { readPrices } from './config/prices.ts';
import { readProcessSettings } from './config/settings.ts';
import type { SettingOptions, Settings } from './config/settings.ts';
import { EmbeddedEngine } from './engines/embedded/embedded-engine.ts';
import { gateState } from './flow/gate.ts';
import { systemClock } from './kernel/clock.ts';
import type { Clock } from './kernel/clock.ts';
import { noFaults } from './kernel/faults.ts';
import type { Faults } from './kernel/faults.ts';
import { createIds } from './kernel/id.ts';
import { Advancer } from './orchestrator/advancer.ts';
import { Commands } from './orchestrator/commands.ts';
import { Forks } from './orchestrator/forks.ts';
import { Housekeeping } from './orchestrator/housekeeping.ts';
import { Outcomes } from './orchestrator/outcomes.ts';
import { resumeAll } from './orchestrator/recovery.ts';
import { SquadDirectory } from './orchestrator/squad-directory.ts';
import { Squadra } from './orchestrator/squadra.ts';
import { checkOptions } from './orchestrator/squadra-options.ts';
import type { SquadraOptions } from './orchestrator/squadra-options.ts';
import { Submissions } from './orchestrator/submissions.ts';
import { WorkflowRegistry } from './orchestrator/workflow-registry.ts';
import { readCatalogue } from './squads/catalogue.ts';
import type { SquadStore } from './squads/squad-store.ts';
import { createLogger } from './telemetry/logger.ts';
import type { Logger } from './telemetry/logger.ts';
import type { ApprovalStore } from './work/approval-store.ts';
import { openSqliteReports } from './work/sqlite/sqlite-reports.ts';
import { openSqliteState } from './work/sqlite/sqlite-state.ts';
import type { SqliteState } from './work/sqlite/sqlite-state.ts';
import type { ExecutionReports, ExecutionStore } from './work/execution-store.ts';
import type { UsageReports } from './work/usage-report.ts';
import type { WorkItemStore } from './work/work-item-store.ts';
import type { RunServices } from './workflows/run-services.ts';
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
  /** Stands between the runs and the store: tests watch there, or plant a bug that has to be found. */
  readonly decorate: (executions: ExecutionStore) => ExecutionStore;
  /** Milliseconds that the offline model takes for each few words; null leaves it as it is. */
  readonly offlinePaceMs: number | null;
  /** Where settings come from that the options do not give: the environment of the process. */
  readonly readSettings: (overrides?: SettingOptions) => Settings;
}

const production: Surroundings = {
  clock: systemClock,
  faults: noFaults,
  random: Math.random,
  command: 'library',
  runs: true,
  offlinePaceMs: null,
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
  checkOptions(options);
  const surroundings = { ...production, ...replaced };
  const settings = settingsOf(options, surroundings.readSettings);
  const prices = createPrices(surroundings.clock, readPrices(options.prices));
  const mcpServers = readMcpServers(options.mcp);
  // Before anything is opened: what is wrong with the workflows should not leave a file behind.
  // Only `defineWorkflow` makes workflows, so what is hidden of their types is there.
  const workflows = new WorkflowRegistry((options.workflows ?? []) as readonly Workflow[]);
  const state = await openSqliteState(settings, surroundings.clock, surroundings.command);
  try {
    const logger = createLogger(settings.logLevel);
    const workspaceRoot = workspacesOf(settings);
    const { clock } = surroundings;
    const toolbox = await createToolbox({
      settings,
      mcpServers,
      tools: options.tools ?? [],
      workspaceRoot,
      clock,
      logger,
    });
    return await start(state, { settings, prices, toolbox, logger }, options, workflows, surroundings);
  } catch (error) {
    await state[Symbol.asyncDispose]();
    throw error;
  }
}

/** The reading half of a state folder. */
export interface StateReports extends AsyncDisposable {
  readonly reports: ExecutionReports;
  readonly squads: Pick<SquadStore, 'find' | 'atVersion' | 'list'>;
  readonly workItems: Pick<WorkItemStore, 'get' | 'list' | 'statistics'>;
  readonly approvals: Pick<ApprovalStore, 'get' | 'list'>;
  readonly usage: UsageReports;
}

/** Opens a state folder for reading, beside the process that runs it or alone. Throws `NOT_FOUND` when there is no state yet. */
export function openReports(options: Pick<SquadraOptions, 'stateDir' | 'settings'>): StateReports {
  return openSqliteReports(settingsOf(options), systemClock);
}

function settingsOf({ settings, stateDir }: SquadraOptions, read = readProcessSettings): Settings {
  return read(stateDir === undefined ? settings : { ...settings, stateDir });
}

/** The folder that holds a workspace for each execution. */
function workspacesOf({ stateDir }: Settings): string {
  return join(resolve(stateDir), 'out');
}

interface Prepared {
  readonly settings: Settings;
  readonly prices: Prices;
  readonly toolbox: Toolbox;
  readonly logger: Logger;
}

async function start(
  state: SqliteState,
  { settings, prices, toolbox, logger }: Prepared,
  options: SquadraOptions,
  workflows: WorkflowRegistry,
  surroundings: Surroundings,
): Promise<Squadra> {
  const { clock, faults, random, runs, offlinePaceMs } = surroundings;
  const ids = createIds(clock);
  const bus = new MemoryBus();
  const catalogue = readCatalogue();
  const directory = new SquadDirectory(state.squads, { catalogue, ids, clock, tools: toolbox });
  const engine = new EmbeddedEngine(settings, clock);
  const outcomes = new Outcomes(state.reports, (id) => engine.has(id));
  const registry = createModelRegistry({
    settings,
    clock,
    ...(options.models === undefined ? {} : { models: options.models }),
    ...(offlinePaceMs === null ? {} : { offlinePaceMs }),
  });
  const services: RunServices = {
    clock,
    faults,
    random,
    limits: settings,
    asker: createAsker({
      registry,
      catalogue,
      settings,
      clock,
      prices,
      toolbox,
      workspaceRoot: workspacesOf(settings),
    }),
    onDelta: (delta) => bus.publish({ kind: 'delta', ...delta }),
    onCommit: (executionId) => bus.publish({ kind: 'committed', executionId }),
  };
  const { reports, approvals, workItems } = state;
  const executions = surroundings.decorate(state.executions);
  const advancer = new Advancer({ executions, squads: directory, workflows, outcomes, services, faults });
  const submissions = new Submissions({
    settings,
    clock,
    ids,
    faults,
    executions,
    engine,
    advancer,
    squads: directory,
    workflows,
  });
  const { maxInputBytes } = settings;
  const commands = new Commands({ executions, approvals, engine, advancer, outcomes, bus, ids, faults, maxInputBytes });
  const intake = { settings, clock, ids, executions, engine, squads: directory, workflows };
  const workspaceRoot = join(resolve(settings.stateDir), 'out');
  const workspaces = {
    copy: (from: string, to: string) => copyWorkspace(workspaceRoot, from, to),
    remove: (id: string) => removeWorkspace(workspaceRoot, id),
  };
  const forks = new Forks({ ...intake, reports, workItems, workspaces });
  const housekeeping = new Housekeeping(executions, clock, settings.retentionDays, (error) =>
    logger.warn({ error }, 'Old executions could not be deleted; trying again later.'),
  );

  for (const squad of options.squads ?? []) await directory.ensure('local', squad);
  if (runs) {
    engine.serve((runnable) => advancer.advance(runnable));
    await resumeAll(reports, engine);
    housekeeping.start();
  }
  const graceMs = settings.shutdownGraceMs;
  const close = closing({ state, toolbox, engine, advancer, housekeeping, clock, logger, graceMs });
  const statistics = () => ({
    engine: engine.statistics(),
    gate: gateState(engine.statistics().queued, settings),
    writer: state.writer.statistics(),
    readers: state.readers.statistics(),
  });
  return new Squadra(
    {
      clock,
      ids,
      commands,
      forks,
      outcomes,
      reports,
      bus,
      submissions,
      directory,
      approvals,
      workItems,
      usage: state.usage,
      maxInputBytes,
      statistics,
      close,
    },
    'local',
  );
}

interface Closing {
  readonly state: SqliteState;
  readonly toolbox: Toolbox;
  readonly engine: EmbeddedEngine;
  readonly advancer: Advancer;
  readonly housekeeping: Housekeeping;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly graceMs: number;
}

/** Start-up in reverse, once: stop taking work, let what runs come to a step's end, then close the file. */
function closing({
  state,
  toolbox,
  engine,
  advancer,
  housekeeping,
  clock,
  logger,
  graceMs,
}: Closing): () => Promise<void> {
  const close = async (): Promise<void> => {
    housekeeping[Symbol.dispose]();
    const drained = engine.drain();
    advancer.drain();
    const grace = clock.setTimer(graceMs, () => {
      logger.warn(
        { running: engine.statistics().running },
        'The grace period is over; what still runs is interrupted and resumes at the next start.',
      );
      advancer.abandonAll();
    });
    await drained;
    grace.cancel();
    await toolbox[Symbol.asyncDispose]();
    await state[Symbol.asyncDispose]();
  };
  let closed: Promise<void> | null = null;
  return () => (closed ??= close());
}
