import type { ResourceMonitor } from '../../flow/resource-monitor.ts';
import type { Settings } from '../../config/settings.ts';
import type { SquadraStatistics } from '../squadra-statistics.ts';

const averageMs = 600_000;

/** The settings that the figures are held against. */
export type SystemBounds = Pick<Settings, 'baselineParallelism' | 'maxParallelism' | 'maxQueuedExecutions'>;

/** How this process stands. */
export type SystemFigures = ReturnType<typeof systemFigures>;

/** How this process stands, as interfaces show it. It tells of all tenants together. */
export function systemFigures(
  statistics: SquadraStatistics,
  monitor: Pick<ResourceMonitor, 'average'>,
  bounds: SystemBounds,
) {
  const { starts, gate, agents, cache, calls, writer, readers, engine, convoys, schedules } = statistics;
  const memory = process.memoryUsage();
  return {
    averages: monitor.average(averageMs),
    parallelism: {
      optimal: starts.advice.places,
      baseline: bounds.baselineParallelism,
      max: bounds.maxParallelism,
      load: starts.advice.load,
      throttle: starts.advice.throttle,
      reason: starts.advice.reason,
    },
    gate: { queued: gate.queued, capacity: bounds.maxQueuedExecutions, threshold: gate.closesAt, open: gate.isOpen },
    executions: { running: engine.running, ready: engine.ready, queued: engine.queued, sleeping: engine.sleeping },
    pool: { size: agents.entries, capacity: agents.size, hitRate: shareOf(agents.hits, agents.misses) },
    cache: Object.entries(cache).map(([name, { hits, misses, entries }]) => ({
      name,
      entries,
      hits,
      misses,
      hitRate: shareOf(hits, misses),
    })),
    modelCalls: { inFlight: calls.taken, capacity: calls.places, waiting: calls.waiting },
    limiters: calls.providers.map((state) => ({
      provider: state.provider,
      model: state.model,
      inFlight: state.inFlight,
      limit: state.limit,
      waiting: state.waiting,
      heldMs: state.heldMs,
      requestsLeft: state.requestsLeft,
      tokensLeft: state.tokensLeft,
    })),
    convoys: { running: convoys.convoys, itemsRunning: convoys.running },
    schedules: { active: schedules.active },
    store: {
      pendingWrites: writer.pending,
      writes: writer.operations,
      commits: { total: writer.groups, p50Ms: writer.commits.p50Ms, p99Ms: writer.commits.p99Ms },
      readers: { size: readers.size, busy: readers.busy, waiting: readers.waiting },
    },
    process: { uptimeSeconds: process.uptime(), rssBytes: memory.rss, heapBytes: memory.heapUsed },
  };
}

/** Null of nothing. */
function shareOf(hits: number, misses: number): number | null {
  return hits + misses === 0 ? null : hits / (hits + misses);
}
