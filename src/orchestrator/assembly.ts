import type { AccessStore } from '../access/access-store.ts';
import type { Bus } from '../bus/bus.ts';
import { LiveText } from '../bus/live-text.ts';
import { costTag } from '../cache/cache.ts';
import type { Cache } from '../cache/cache.ts';
import type { Settings } from '../config/settings.ts';
import type { Engine } from '../engines/engine.ts';
import { Gate } from '../flow/gate.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Faults } from '../kernel/faults.ts';
import { createIds } from '../kernel/id.ts';
import type { IdSource } from '../kernel/id.ts';
import type { Catalogue } from '../squads/catalogue.ts';
import type { SquadStore } from '../squads/squad-store.ts';
import type { SquadInput } from '../squads/squad.ts';
import type { ToolNames } from '../squads/tool-names.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { ApprovalStore } from '../work/approval-store.ts';
import type { ExecutionReports, ExecutionStore } from '../work/execution-store.ts';
import type { Inbox } from '../work/inbox.ts';
import type { UsageReports } from '../work/usage-report.ts';
import type { WorkItemStore } from '../work/work-item-store.ts';
import type { Asker } from '../workflows/asker.ts';
import type { RunServices } from '../workflows/run-services.ts';
import { Access } from './access.ts';
import { Advancer } from './advancer.ts';
import { Commands } from './commands.ts';
import type { EventSources } from './events.ts';
import { Forks } from './forks.ts';
import type { Workspaces } from './forks.ts';
import { Housekeeping, Pruning } from './housekeeping.ts';
import { InboxService } from './inbox-service.ts';
import { Outcomes } from './outcomes.ts';
import { resumeAll } from './recovery.ts';
import { shutdown } from './shutdown.ts';
import { SquadDirectory } from './squad-directory.ts';
import { Squadra } from './squadra.ts';
import type { SquadraStatistics } from './squadra.ts';
import { StoredEvents } from './stored-events.ts';
import { Submissions } from './submissions.ts';
import type { WorkflowRegistry } from './workflow-registry.ts';

/** The ports that `compose.ts` picked adapters for, and what else the use cases need. */
export interface AssemblyParts {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly random: () => number;
  /** False: nothing is run, only commands are taken. */
  readonly runs: boolean;
  /** Whether commands of other processes are looked for while it runs. */
  readonly takesCommands: boolean;
  readonly state: {
    readonly executions: ExecutionStore;
    readonly reports: ExecutionReports;
    readonly squads: SquadStore;
    readonly workItems: WorkItemStore;
    readonly approvals: ApprovalStore;
    readonly usage: UsageReports;
    readonly access: AccessStore;
    readonly inbox: Inbox;
  };
  /** Closed last. */
  readonly closing: AsyncDisposable;
  readonly engine: Engine;
  readonly bus: Bus;
  /** A key to be made at the start, unless it was before. */
  readonly bootstrapKey: string | null;
  readonly cache: Cache;
  readonly asker: Asker;
  readonly catalogue: Catalogue;
  readonly tools: ToolNames;
  readonly workspaces: Workspaces;
  readonly workflows: WorkflowRegistry;
  /** Created for tenant `local` where missing. */
  readonly squads: readonly SquadInput[];
  readonly adapterStatistics: () => Omit<SquadraStatistics, 'engine' | 'gate' | 'cache'>;
}

/** The library's face, and the one that commands from other processes are handed to. */
export interface Assembly {
  readonly squadra: Squadra;
  readonly service: InboxService;
  readonly access: Access;
  readonly events: EventSources;
  readonly catalogue: Catalogue;
  readonly settings: Settings;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly ids: IdSource;
}

/** Puts the use cases together and starts them: what was under way is resumed. */
export async function assemble(parts: AssemblyParts): Promise<Assembly> {
  const { settings, logger, clock, faults, random, runs, state, engine, bus, cache, asker, workflows } = parts;
  const { executions, reports, approvals, workItems, usage } = state;
  const { maxInputBytes } = settings;
  const ids = createIds(clock);
  const liveText = new LiveText(bus, clock, settings);
  const events: EventSources = { stored: new StoredEvents(reports), bus, liveText };
  const services: RunServices = {
    clock,
    faults,
    random,
    limits: settings,
    asker,
    onDelta: (delta) => liveText.add(delta),
    onCallEnd: (call) => liveText.end(call),
    onCommit: (tenant, executionId) => bus.publish({ kind: 'committed', tenant, executionId }),
  };
  const { catalogue, tools, workspaces } = parts;
  const directory = new SquadDirectory(state.squads, { catalogue, ids, clock, tools, cache });
  const outcomes = new Outcomes(reports, (id) => advancer.isRunning(id));
  const advancer: Advancer = new Advancer({
    executions,
    squads: directory,
    workflows,
    outcomes,
    services,
    faults,
    onEnd: (tenant) => void cache.forgetTag(costTag(tenant)),
  });
  const gate = new Gate(settings, clock, () => engine.statistics());
  const intake = {
    settings,
    gate,
    clock,
    ids,
    faults,
    executions,
    engine,
    advancer,
    squads: directory,
    workflows,
    bus,
  };
  const submissions = new Submissions(intake);
  const forks = new Forks({ ...intake, reports, workItems, workspaces });
  const commands = new Commands({ executions, approvals, engine, advancer, outcomes, bus, ids, faults, maxInputBytes });
  const access = await Access.open({ store: state.access, clock, ids, cache, hasIssuer: settings.oidcIssuer !== null });
  if (runs && parts.bootstrapKey !== null) await access.bootstrap(parts.bootstrapKey);
  const pruning = new Pruning({
    executions,
    workspaces,
    onLeftOver: (executionId, error) =>
      logger.warn({ executionId, error }, 'The files of an old execution could not be deleted; they stay.'),
  });
  const service = new InboxService({ commands, forks, pruning, access });
  const housekeeping = new Housekeeping(pruning, clock, settings.retentionDays, (error) =>
    logger.warn({ error }, 'Old executions could not be deleted; trying again later.'),
  );

  for (const squad of parts.squads) await directory.ensure('local', squad);
  if (runs) {
    engine.serve((runnable, begun) => advancer.advance(runnable, begun));
    const { leftAlone } = await resumeAll(reports, engine, (name) => workflows.find(name) !== null);
    for (const [workflow, count] of leftAlone) {
      logger.warn({ workflow, count }, 'Executions of a workflow that is not registered here stay as they are.');
    }
    housekeeping.start();
  }
  const inbox = runs && parts.takesCommands ? state.inbox.serve((command) => service.take(command)) : null;
  const graceMs = settings.shutdownGraceMs;
  const stopped = { engine, advancer, outcomes, bus, housekeeping, inbox, state: parts.closing };
  const close = shutdown({ ...stopped, clock, logger, graceMs });
  const statistics = (): SquadraStatistics => ({
    engine: engine.statistics(),
    gate: gate.state(),
    cache: cache.statistics(),
    ...parts.adapterStatistics(),
  });
  const face = {
    clock,
    ids,
    commands,
    forks,
    outcomes,
    reports,
    events,
    submissions,
    gate,
    cache,
    directory,
    approvals,
    workItems,
    usage,
    workflows,
  };
  const squadra = new Squadra({ ...face, maxInputBytes, statistics, close }, 'local');
  return { squadra, service, access, events, catalogue, settings, logger, clock, ids };
}
