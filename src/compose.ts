import { secretsOf } from './agents/built-in-providers.ts';
import { openAsker, workspacesOf } from './agents/open-asker.ts';
import { createPrices } from './agents/pricing.ts';
import { ModelThreads } from './agents/threads/model-threads.ts';
import { createToolbox } from './agents/tools/toolbox.ts';
import { copyWorkspace, removeWorkspace } from './agents/tools/workspace/copy-workspace.ts';
import { listWorkspace, readWorkspaceFile } from './agents/tools/workspace/read-workspace.ts';
import { MemoryCache } from './cache/memory/memory-cache.ts';
import { TieredCache } from './cache/tiered-cache.ts';
import { openFleet } from './compose/fleet.ts';
import { settingsOf, workflowsOf } from './compose/options.ts';
import type { StateOptions } from './compose/options.ts';
import { openSolo } from './compose/solo.ts';
import { readBootstrapKey } from './config/bootstrap-key.ts';
import { isFleet } from './config/fleet-check.ts';
import { readMcpServers } from './config/mcp-servers.ts';
import { readPrices } from './config/prices.ts';
import { systemClock } from './kernel/clock.ts';
import { createIds } from './kernel/id.ts';
import { routeCommand } from './orchestrator/command-route.ts';
import type { CommandResult } from './orchestrator/command-route.ts';
import type { CommandRequest } from './orchestrator/inbox-service.ts';
import { assemble } from './orchestrator/assembly.ts';
import type { Assembly } from './orchestrator/assembly-parts.ts';
import type { Squadra } from './orchestrator/squadra.ts';
import { checkOptions } from './orchestrator/squadra-options.ts';
import type { SquadraOptions } from './orchestrator/squadra-options.ts';
import { SharedCache } from './orchestrator/elsewhere/shared-cache.ts';
import { production } from './orchestrator/surroundings.ts';
import type { Surroundings } from './orchestrator/surroundings.ts';
import { readCatalogue } from './squads/catalogue.ts';
import { createLogger } from './telemetry/logger.ts';
import { openTracing } from './telemetry/open-tracing.ts';
import type { InboxCommand } from './work/inbox.ts';
import { openSqliteInbox, stateOwner } from './work/sqlite/sqlite-state.ts';

export type { SquadraOptions } from './orchestrator/squadra-options.ts';
export type { Surroundings } from './orchestrator/surroundings.ts';

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

/** `openSquadraIn` for who hands over work and watches it: in a fleet it is the fleet that does the work. */
export function openSquadraToWatch(options: SquadraOptions, replaced: Partial<Surroundings>): Promise<Squadra> {
  return openSquadraIn(options, isFleet(settingsOf(options)) ? { ...replaced, runs: false } : replaced);
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
    const logger = createLogger(settings.logLevel);
    const around = { ...surroundings, logger };
    const shape = await (isFleet(settings) ? openFleet : openSolo)(settings, around, opened);
    const tracing = opened.use(await openTracing(settings, { clock, logger, secrets: secretsOf(settings) }));
    const workspaceRoot = workspacesOf(settings);
    const tools = options.tools ?? [];
    const toolbox = opened.use(await createToolbox({ settings, mcpServers, tools, workspaceRoot, clock, logger }));
    const catalogue = readCatalogue();
    const memory = new MemoryCache(settings, clock);
    const own = shape.secondTier === null ? memory : new TieredCache(memory, shape.secondTier);
    const cache = opened.use(new SharedCache(own, shape.news));
    const admission = surroundings.openAdmission(settings, clock, shape.sharedBuckets);
    // A thread has to start first: worth it for whoever serves many, not for a short life.
    const modelThreads = settings.modelThreads ?? (surroundings.command === 'serve' ? 1 : 0);
    const threads = modelThreads === 0 ? null : opened.use(new ModelThreads(modelThreads, settings));
    const asker = openAsker({
      settings,
      prices,
      toolbox,
      catalogue,
      cache,
      admission,
      threads,
      clock,
      models: options.models,
      offlinePaceMs: surroundings.offlinePaceMs,
    });
    const assembly = await assemble({
      ...surroundings,
      ...shape,
      settings,
      logger,
      tracing,
      workflows,
      catalogue,
      tools: toolbox,
      state: { ...shape.state, executions: surroundings.decorate(shape.state.executions) },
      closing: opened,
      probe: surroundings.openProbe(),
      providers: admission,
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
      adapterStatistics: () => ({ ...shape.statistics(), ...asker.stats() }),
    });
    await shape.start();
    return assembly;
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

/**
 * Has a command done by the process that runs a state folder; where none does, takes the folder for as long as it lasts. In a fleet
 * nobody owns the state: it is done here, and the others are told.
 * Throws what the command throws, or `SHUTTING_DOWN` when the owner did not answer in time.
 */
export async function sendCommand(
  options: StateOptions & Pick<SquadraOptions, 'workflows'>,
  request: CommandRequest,
  timeoutMs: number,
): Promise<CommandResult> {
  const settings = settingsOf(options);
  const ways = {
    isOwned: () => !isFleet(settings) && stateOwner(settings.stateDir) !== null,
    send: (command: InboxCommand) => openSqliteInbox(settings.stateDir, systemClock).send(command, timeoutMs),
    takeOneself: async (command: InboxCommand) => {
      const { squadra, service } = await openAssembly(options, { command: request.name, runs: false });
      await using _squadra = squadra;
      return await service.take(command);
    },
  };
  const { value, isOwned } = await routeCommand(ways, { ...request, id: createIds(systemClock)() });
  return { value, isOwned: isOwned || isFleet(settings) };
}
