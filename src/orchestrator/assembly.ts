import { LiveText } from '../bus/live-text.ts';
import { costTag } from '../cache/cache.ts';
import { Gate } from '../flow/gate.ts';
import { RoomLines } from '../flow/room-lines.ts';
import { Starts } from '../flow/starts.ts';
import { createIds } from '../kernel/id.ts';
import type { RunServices } from '../workflows/run-services.ts';
import { Access } from './access.ts';
import { Advancer } from './advancer.ts';
import type { Assembly, AssemblyParts } from './assembly-parts.ts';
import { BudgetKeeping } from './budgets.ts';
import { CoalescedReads } from './coalesced-reads.ts';
import { Commands } from './commands.ts';
import type { ConvoyKeeper } from './convoys/convoy-keeper.ts';
import { openConvoys } from './convoys/open-convoys.ts';
import { convoyPort } from './convoys/convoys.ts';
import type { EventSources } from './events.ts';
import { everywhere } from './elsewhere/others.ts';
import { watchOwnership } from './elsewhere/ownership-check.ts';
import { Forks } from './forks.ts';
import { InboxService } from './inbox-service.ts';
import { follow, Outcomes } from './outcomes.ts';
import { topicSet } from './pulse/pulse-topic.ts';
import { Pulses } from './pulse/pulses.ts';
import { SharedAnswers } from './pulse/shared-answers.ts';
import { topicsOfCommit, watchStores } from './pulse/watched-stores.ts';
import { processStatus } from './process-status.ts';
import { resumeUnfinished } from './recovery.ts';
import { openSchedules } from './schedules/open-schedules.ts';
import { shutdown } from './shutdown.ts';
import { SquadDirectory } from './squad-directory.ts';
import { Squadra } from './squadra.ts';
import type { SquadraStatistics } from './squadra-statistics.ts';
import { StoredEvents } from './stored-events.ts';
import { Submissions } from './submissions.ts';
import { WorkMeter } from './work-meter.ts';
import { CancelledSpans } from './watching/cancelled-spans.ts';
import { Writability } from './writability.ts';
import { upkeepOf } from './upkeep.ts';
import { watchRuns } from './watching/watch-runs.ts';

/** Puts the use cases together and starts them: what was under way is resumed. */
export async function assemble(parts: AssemblyParts): Promise<Assembly> {
  const { settings, logger, clock, faults, random, duties, engine, bus, news, cache, asker, workflows } = parts;
  const pulses = new Pulses(bus, clock);
  const state = watchStores(parts.state, {
    changed: (tenant, topics) => all.pulses.changed(tenant, topics),
    changedForAll: (topics) => all.pulses.changedForAll(topics),
  });
  const answers = new SharedAnswers(pulses, clock);
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
    // An engine that is this process has nobody else to let in meanwhile.
    limits: engine.capabilities.remembers ? settings : { ...settings, maxSliceMs: null },
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
      all.pulses.changed(tenant, topicsOfCommit(commit, hasAsked));
      all.room.givenBack(tenant, settled);
    },
  };
  const { catalogue, tools, workspaces } = parts;
  const directory = new SquadDirectory(state.squads, { catalogue, ids, clock, tools, cache });
  const outcomes = new Outcomes(
    reports,
    (id) => advancer.isRunning(id),
    engine.capabilities.remembers ? follow(bus) : null,
  );
  const advancer: Advancer = new Advancer({
    executions,
    squads: directory,
    workflows,
    outcomes,
    services,
    faults,
    onEnd: (tenant, id, status, itemId) => {
      void cache.forgetTag(costTag(tenant));
      room.forget(id);
      if (convoyRunner.ended(tenant, id, status, itemId)) all.pulses.changed(tenant, topicSet('convoys'));
      schedules.runner.ended(id);
    },
  });
  const all = everywhere(news, { advancer, room, pulses });
  const { monitor, metricKeeping, pruning, housekeeping } = upkeepOf(parts, state);
  monitor.onSample(({ at }) => pulses.sampled(at));
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
  const budgets = new BudgetKeeping({ budgets: state.budgets, squads: directory, engine, ...all });
  const commands = new Commands({
    executions,
    approvals,
    engine,
    advancer: all.advancer,
    outcomes,
    bus,
    ids,
    faults,
    maxInputBytes,
    onCancel: (tenant, id) => {
      worked.cancelled();
      room.forget(id);
      // Its calls in flight were settled.
      all.room.lookAgain(tenant);
      if (convoyRunner.ended(tenant, id, 'cancelled', null)) all.pulses.changed(tenant, topicSet('convoys'));
      schedules.runner.ended(id);
      cancelledSpans.cancelled(tenant, id);
    },
  });
  const cancelledSpans = new CancelledSpans({ tracing, reports, workItems, squads: directory, clock, logger });
  const convoyRunner: ConvoyKeeper = openConvoys({
    store: state.convoys,
    shared: parts.sharedConvoys,
    workItems,
    engine,
    advancer,
    commands,
    starts,
    bus,
    clock,
    ids,
    faults,
    logger,
  });
  const schedules = openSchedules({
    ...intake,
    store: state.schedules,
    logger,
    commands,
    isShared: parts.sharedConvoys !== null,
  });
  const convoyParts = { convoys: state.convoys, convoyRunner, convoySettings: settings, clock, ids };
  const convoyWay = convoyPort(convoyParts);
  const access = await Access.open({
    store: state.access,
    sessions: state.sessions,
    clock,
    ids,
    cache,
    hasIssuer: settings.oidcIssuer !== null,
    news,
  });
  if ((duties.advances || duties.tends) && parts.bootstrapKey !== null) await access.bootstrap(parts.bootstrapKey);
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
  for (const squad of parts.squads) await directory.ensure('local', squad);
  if (duties.tends) {
    await convoyRunner.load();
    await schedules.runner.load();
  }
  if (duties.advances) {
    engine.serve((...given) => advancer.advance(...given));
    if (!engine.capabilities.remembers) await resumeUnfinished({ reports, engine, workflows, logger });
  }
  if (duties.advances || duties.tends) {
    monitor.start();
    metricKeeping.start();
  }
  if (duties.tends) {
    housekeeping.start();
    convoyRunner.serve();
    schedules.runner.serve();
  }
  const ownership = duties.advances ? watchOwnership(parts, advancer) : null;
  const inbox = duties.advances && parts.takesCommands ? state.inbox.serve((command) => service.take(command)) : null;
  const graceMs = settings.shutdownGraceMs;
  const stopped = {
    engine,
    advancer,
    outcomes,
    bus,
    housekeeping,
    monitor,
    ownership,
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
  const writability = new Writability(state.probe, clock);
  return {
    squadra,
    service,
    access,
    events,
    pulses,
    answers,
    writability,
    sharedBuckets: parts.sharedBuckets,
    catalogue,
    settings,
    logger,
    tracing,
    clock,
    ids,
  };
}

function disposedInOrder(...parts: readonly AsyncDisposable[]): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      for (const part of parts) await part[Symbol.asyncDispose]();
    },
  };
}
