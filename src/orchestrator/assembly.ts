import { LiveText } from '../bus/live-text.ts';
import { costTag } from '../cache/cache.ts';
import { Gate } from '../flow/gate.ts';
import { RoomLines } from '../flow/room-lines.ts';
import { ResourceMonitor } from '../flow/resource-monitor.ts';
import { Starts } from '../flow/starts.ts';
import { createIds } from '../kernel/id.ts';
import type { RunServices } from '../workflows/run-services.ts';
import { Access } from './access.ts';
import { Advancer } from './advancer.ts';
import type { Assembly, AssemblyParts } from './assembly-parts.ts';
import { BudgetKeeping } from './budgets.ts';
import { CoalescedReads } from './coalesced-reads.ts';
import { Commands } from './commands.ts';
import { ConvoyRunner, isClosing } from './convoys/convoy-runner.ts';
import { convoyPort } from './convoys/convoys.ts';
import type { EventSources } from './events.ts';
import { Forks } from './forks.ts';
import { Housekeeping, Pruning } from './housekeeping.ts';
import { InboxService } from './inbox-service.ts';
import { MetricKeeping } from './metrics/metric-keeping.ts';
import { Outcomes } from './outcomes.ts';
import { topicSet } from './pulse/pulse-topic.ts';
import { Pulses } from './pulse/pulses.ts';
import { topicsOfCommit, watchStores } from './pulse/watched-stores.ts';
import { processStatus } from './process-status.ts';
import { resumeAll } from './recovery.ts';
import { openSchedules } from './schedules/open-schedules.ts';
import { shutdown } from './shutdown.ts';
import { SquadDirectory } from './squad-directory.ts';
import { Squadra } from './squadra.ts';
import type { SquadraStatistics } from './squadra.ts';
import { StoredEvents } from './stored-events.ts';
import { Submissions } from './submissions.ts';
import { WorkMeter } from './work-meter.ts';
import { CancelledSpans } from './watching/cancelled-spans.ts';
import { watchRuns } from './watching/watch-runs.ts';

/** Puts the use cases together and starts them: what was under way is resumed. */
export async function assemble(parts: AssemblyParts): Promise<Assembly> {
  const { settings, logger, clock, faults, random, runs, engine, bus, cache, asker, workflows } = parts;
  const pulses = new Pulses(bus, clock);
  const state = watchStores(parts.state, pulses);
  const { executions, reports, approvals, workItems, usage } = state;
  const { maxInputBytes } = settings;
  const ids = createIds(clock);
  const liveText = new LiveText(bus, clock, settings);
  const events: EventSources = { stored: new StoredEvents(reports), bus, liveText };
  const room = new RoomLines(clock, (execution) => engine.wake(execution));
  const { tracing } = parts;
  const worked = new WorkMeter();
  const refusals = { exceeded: 0, unpriced: 0 };
  const services: RunServices = {
    clock,
    faults,
    random,
    limits: settings,
    asker,
    convoys: {
      create: (order) => convoyWay.create(order),
      results: (tenant, id) => convoyWay.results(tenant, id),
    },
    onDelta: (delta) => liveText.add(delta),
    onCallEnd: (call) => liveText.end(call),
    watch: watchRuns({ tracing, logger, logLevel: settings.logLevel, clock }),
    onBudgetRefusal: (code) => (code === 'UNPRICED_MODEL' ? refusals.unpriced++ : refusals.exceeded++),
    room,
    onCommit: (tenant, executionId, settled, commit, hasAsked) => {
      bus.publish({ kind: 'committed', tenant, executionId });
      if (commit !== null) worked.committed(commit);
      pulses.changed(tenant, topicsOfCommit(commit, hasAsked));
      room.givenBack(tenant, settled);
    },
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
    onEnd: (tenant, id, status) => {
      void cache.forgetTag(costTag(tenant));
      room.forget(id);
      if (convoyRunner.ended(tenant, id, status)) pulses.changed(tenant, topicSet('convoys'));
      schedules.runner.ended(id);
    },
  });
  const monitor = new ResourceMonitor(parts.probe, clock, (error) =>
    logger.warn({ error }, 'How busy the machine is could not be read; the last that is known holds.'),
  );
  monitor.onSample(({ at }) => pulses.sampled(at));
  const metricKeeping = new MetricKeeping({
    store: state.metrics,
    clock,
    retentionDays: settings.metricsRetentionDays,
    onSample: (listener) => monitor.onSample(listener),
    onError: (error) => logger.warn({ error }, 'Metrics could not be stored; they wait for the next time.'),
  });
  const starts = new Starts(settings, monitor, parts.providers, clock);
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
  const forks = new Forks({ ...intake, reports, workItems, workspaces, budgets: state.budgets });
  const budgets = new BudgetKeeping({ budgets: state.budgets, squads: directory, engine, advancer, room });
  const commands = new Commands({
    executions,
    approvals,
    engine,
    advancer,
    outcomes,
    bus,
    ids,
    faults,
    maxInputBytes,
    onCancel: (tenant, id) => {
      worked.cancelled();
      room.forget(id);
      // Its calls in flight were settled.
      room.lookAgain(tenant);
      if (convoyRunner.ended(tenant, id, 'cancelled')) pulses.changed(tenant, topicSet('convoys'));
      schedules.runner.ended(id);
      cancelledSpans.cancelled(tenant, id);
    },
  });
  const cancelledSpans = new CancelledSpans({ tracing, reports, workItems, squads: directory, clock, logger });
  const convoyRunner: ConvoyRunner = new ConvoyRunner({
    store: state.convoys,
    engine,
    advancer,
    commands,
    starts,
    bus,
    clock,
    ids,
    faults,
    onError: (error) => {
      if (!isClosing(error)) logger.warn({ error }, 'Part of a convoy could not go on; it is tried again.');
    },
  });
  const schedules = openSchedules({ ...intake, store: state.schedules, logger, commands });
  const convoyParts = { convoys: state.convoys, convoyRunner, convoySettings: settings, clock, ids };
  const convoyWay = convoyPort(convoyParts);
  const access = await Access.open({
    store: state.access,
    sessions: state.sessions,
    clock,
    ids,
    cache,
    hasIssuer: settings.oidcIssuer !== null,
  });
  if (runs && parts.bootstrapKey !== null) await access.bootstrap(parts.bootstrapKey);
  const pruning = new Pruning({
    executions,
    convoys: state.convoys,
    workspaces,
    metrics: metricKeeping,
    onLeftOver: (executionId, error) =>
      logger.warn({ executionId, error }, 'The files of an old execution could not be deleted; they stay.'),
  });
  const service = new InboxService({
    commands,
    forks,
    pruning,
    access,
    budgets,
    schedules: schedules.keeping,
    convoys: convoyRunner,
    status: () => processStatus(statistics()),
  });
  const housekeeping = new Housekeeping(pruning, clock, settings.retentionDays, (error) =>
    logger.warn({ error }, 'Old executions could not be deleted; trying again later.'),
  );

  for (const squad of parts.squads) await directory.ensure('local', squad);
  if (runs) {
    await convoyRunner.load();
    await schedules.runner.load();
    engine.serve((runnable, begun) => advancer.advance(runnable, begun));
    const { leftAlone } = await resumeAll(reports, engine, (name) => workflows.find(name) !== null);
    for (const [workflow, count] of leftAlone) {
      logger.warn({ workflow, count }, 'Executions of a workflow that is not registered here stay as they are.');
    }
    housekeeping.start();
    monitor.start();
    metricKeeping.start();
    convoyRunner.serve();
    schedules.runner.serve();
  }
  const inbox = runs && parts.takesCommands ? state.inbox.serve((command) => service.take(command)) : null;
  const graceMs = settings.shutdownGraceMs;
  const stopped = {
    engine,
    advancer,
    outcomes,
    bus,
    housekeeping,
    monitor,
    room,
    convoys: convoyRunner,
    schedules: schedules.runner,
    inbox,
    metrics: metricKeeping,
    state: disposedInOrder(cancelledSpans, parts.closing),
  };
  const close = shutdown({ ...stopped, clock, logger, graceMs });
  const statistics = (): SquadraStatistics => ({
    engine: engine.statistics(),
    gate: gate.state(),
    starts: starts.statistics(),
    budgets: { ...refusals, waiting: room.size },
    convoys: convoyRunner.statistics(),
    schedules: schedules.runner.statistics(),
    cache: cache.statistics(),
    worked: worked.done(),
    traces: tracing.statistics(),
    ...parts.adapterStatistics(),
  });
  const face = {
    ...convoyParts,
    tracing,
    commands,
    forks,
    files: workspaces,
    outcomes,
    reports,
    events,
    submissions,
    gate,
    monitor,
    metricReports: state.metrics,
    metricKeeping,
    bounds: settings,
    cache,
    directory,
    approvals,
    budgets,
    schedules: schedules.keeping,
    workItems,
    usage,
    agents: parts.agents,
    reads: new CoalescedReads(clock),
    workflows,
  };
  const squadra = new Squadra({ ...face, maxInputBytes, statistics, close }, 'local');
  return { squadra, service, access, events, pulses, catalogue, settings, logger, tracing, clock, ids };
}

function disposedInOrder(...parts: readonly AsyncDisposable[]): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      for (const part of parts) await part[Symbol.asyncDispose]();
    },
  };
}
