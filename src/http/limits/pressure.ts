import { getHeapStatistics } from 'node:v8';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import type { Settings } from '../../config/settings.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { Metrics } from '../../telemetry/metrics.ts';

/** How often delay and memory are looked at. */
const sampleMs = 1_000;
/** Those who are refused come back over so many seconds, not all in the same one. */
const spreadSeconds = 10;

export interface PressureParts {
  readonly settings: Pick<Settings, 'maxLoopDelayMs' | 'maxHeapShare'>;
  readonly metrics: Metrics;
}

/**
 * Refuses new work while the process is late or short of memory, before anything of the request is read. All else is answered as
 * well as it goes: looking at things and cancelling them is what helps.
 */
export async function watchPressure(app: FastifyInstance, { settings, metrics }: PressureParts): Promise<void> {
  const { maxLoopDelayMs, maxHeapShare } = settings;
  await app.register(underPressure, {
    maxEventLoopDelay: maxLoopDelayMs,
    maxHeapUsedBytes: Math.floor(maxHeapShare * getHeapStatistics().heap_size_limit),
    sampleInterval: sampleMs,
    // What is refused is decided below, by route.
    pressureHandler: () => {},
  });
  let refused = 0;
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.admitsWork !== true || !app.isUnderPressure()) return;
    metrics.refused('pressure');
    refused += 1;
    throw new SquadraError(
      'OVERLOADED',
      'The process is late or short of memory, and takes no new work until it has caught up; nothing of this request was read.',
      { details: { retryAfterMs: (1 + (refused % spreadSeconds)) * 1_000 } },
    );
  });
}
