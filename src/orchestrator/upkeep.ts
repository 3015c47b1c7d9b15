import { ResourceMonitor } from '../flow/resource-monitor.ts';
import type { AssemblyParts } from './assembly-parts.ts';
import { Housekeeping, Pruning } from './housekeeping.ts';
import { MetricKeeping } from './metrics/metric-keeping.ts';

/** What watches the machine, counts what happens, and deletes what is old; nothing of it begins by itself. */
export interface Upkeep {
  readonly monitor: ResourceMonitor;
  readonly metricKeeping: MetricKeeping;
  readonly pruning: Pruning;
  readonly housekeeping: Housekeeping;
}

export function upkeepOf(
  { settings, clock, logger, probe, workspaces }: AssemblyParts,
  { executions, convoys, metrics }: Pick<AssemblyParts['state'], 'executions' | 'convoys' | 'metrics'>,
): Upkeep {
  const monitor = new ResourceMonitor(probe, clock, (error) =>
    logger.warn({ error }, 'How busy the machine is could not be read; the last that is known holds.'),
  );
  const metricKeeping = new MetricKeeping({
    store: metrics,
    clock,
    retentionDays: settings.metricsRetentionDays,
    onSample: (listener) => monitor.onSample(listener),
    onError: (error) => logger.warn({ error }, 'Metrics could not be stored; they wait for the next time.'),
  });
  const pruning = new Pruning({
    executions,
    convoys,
    workspaces,
    metrics: metricKeeping,
    onLeftOver: (executionId, error) =>
      logger.warn({ executionId, error }, 'The files of an old execution could not be deleted; they stay.'),
  });
  const housekeeping = new Housekeeping(pruning, clock, settings.retentionDays, (error) =>
    logger.warn({ error }, 'Old executions could not be deleted; trying again later.'),
  );
  return { monitor, metricKeeping, pruning, housekeeping };
}
