import type { Settings } from '../config/settings.ts';
import type { Engine } from '../engines/engine.ts';
import type { Handover } from '../engines/handover.ts';
import type { OrderedEngineParts } from '../engines/ordered/ordered-engine.ts';
import { agentFunctions } from '../engines/inngest/agent-functions.ts';
import { openInngestClient } from '../engines/inngest/inngest-client.ts';
import { InngestEngine } from '../engines/inngest/inngest-engine.ts';
import { InngestHandover } from '../engines/inngest/inngest-handover.ts';
import { ServeEndpoint } from '../engines/inngest/serve-endpoint.ts';
import { registerFunctions } from '../engines/inngest/serve-registration.ts';
import { WorkerConnection } from '../engines/inngest/worker-connection.ts';
import { advanceObject, advanceTimeouts } from '../engines/restate/advance-object.ts';
import { registerWorkers } from '../engines/restate/registration.ts';
import { RestateEngine } from '../engines/restate/restate-engine.ts';
import { RestateIngress } from '../engines/restate/restate-ingress.ts';
import { WorkerEndpoint } from '../engines/restate/worker-endpoint.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Execution } from '../work/execution.ts';

/** What ties a process of a fleet to its engine. */
export interface FleetLink {
  /** The way there. */
  readonly handover: Handover;
  /** Makes the engine as this process sees it. */
  engine(parts: Omit<OrderedEngineParts, 'follow' | 'clock'>): FleetEngine;
}

export interface FleetEngine {
  readonly engine: Engine;
  /** The way back: lets orders in, of which each is carried out here. */
  receive(): Promise<void>;
}

export interface FleetLinkParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly look: (tenant: string, id: string) => Promise<Execution | null>;
}

/** What it opens is closed with `opened`. Throws `INVALID_SETTING` where what the engine needs is not installed. */
export function openFleetLink(
  settings: Settings,
  parts: FleetLinkParts,
  opened: AsyncDisposableStack,
): FleetLink | Promise<FleetLink> {
  return settings.engine === 'inngest' ? toInngest(settings, parts, opened) : toRestate(settings, parts, opened);
}

function toRestate(settings: Settings, { clock, logger }: FleetLinkParts, opened: AsyncDisposableStack): FleetLink {
  const ingress = opened.use(new RestateIngress(settings));
  const onProblem = (problem: string): void => logger.warn({ problem }, 'Restate and this worker do not agree.');
  return {
    handover: ingress,
    engine: (parts) => {
      const engine = new RestateEngine(settings, {
        ...parts,
        clock,
        order: (order, delayMs) => ingress.order(order, delayMs),
      });
      const longestStepMs = Math.max(settings.stepTimeoutMs, settings.askTimeoutMs);
      const receive = async (): Promise<void> => {
        const limits = { maxSliceMs: settings.maxSliceMs, longestStepMs };
        const object = advanceObject(limits, (order, gone) => engine.perform(order, gone));
        const registering = untilClosed(opened);
        const endpoint = opened.use(await WorkerEndpoint.listen(settings, { object, onProblem }));
        engine.receiveFrom(endpoint);
        const workerUrl = settings.workerUrl ?? `http://${settings.workerHost}:${endpoint.port}`;
        const registration = { ...settings, workerUrl, timeouts: advanceTimeouts(limits) };
        void registerWorkers(registration, clock, registering, onProblem);
      };
      return { engine, receive };
    },
  };
}

async function toInngest(
  settings: Settings,
  { clock, logger, look }: FleetLinkParts,
  opened: AsyncDisposableStack,
): Promise<FleetLink> {
  const onProblem = (problem: string): void => logger.warn({ problem }, 'Inngest and this process do not agree.');
  const client = await openInngestClient(settings, onProblem);
  return {
    handover: new InngestHandover({ client, look }),
    engine: (parts) => {
      const engine = new InngestEngine(settings, { ...parts, clock });
      const receive = async (): Promise<void> => {
        const functions = agentFunctions(client, (order) => engine.perform(order));
        if (settings.inngestTransport === 'connect') {
          const places = settings.maxConcurrentExecutions;
          engine.receiveFrom(opened.use(await WorkerConnection.open({ client, functions, places, clock, onProblem })));
          return;
        }
        const registering = untilClosed(opened);
        const endpoint = opened.use(await ServeEndpoint.listen(settings, { client, functions }));
        engine.receiveFrom(endpoint);
        void registerFunctions(endpoint.ownUrl, clock, registering, onProblem);
      };
      return { engine, receive };
    },
  };
}

function untilClosed(opened: AsyncDisposableStack): AbortSignal {
  const closing = new AbortController();
  opened.defer(() => closing.abort());
  return closing.signal;
}
