import type { FastifyInstance } from 'fastify';
import { SquadraError } from '../../kernel/errors.ts';
import type { Metrics } from '../../telemetry/metrics.ts';

/** Refuses work at the gate before its body is read; what comes through is looked at again when it is stored. */
export function admitWork(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onRequest', async ({ routeOptions, squadra }) => {
    if (routeOptions.config.admitsWork === true) squadra?.passGate();
  });
  app.addHook('onError', async ({ routeOptions }, _reply, error) => {
    const isGate = error instanceof SquadraError && error.code === 'QUEUE_FULL';
    if (isGate && routeOptions.config.admitsWork === true) metrics.refused('gate');
  });
}
