import { createHash, randomUUID } from 'node:crypto';
import { freshSecret } from '../access/fresh-secret.ts';
import type { FleetBus } from '../bus/fleet-bus.ts';
import { NatsBus } from '../bus/nats/nats-bus.ts';
import { PostgresBus } from '../bus/postgres/postgres-bus.ts';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';
import { Dispatcher } from '../orchestrator/dispatching/dispatcher.ts';
import { FleetQueue } from '../orchestrator/dispatching/fleet-queue.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Inbox } from '../work/inbox.ts';
import { PostgresOutbox } from '../work/postgres/postgres-outbox.ts';
import { openPostgresState } from '../work/postgres/postgres-state.ts';
import type { PostgresState } from '../work/postgres/postgres-state.ts';
import { lostClaims } from '../work/postgres/queries/ownership.ts';
import { openFleetLink } from './fleet-link.ts';
import { openFleetRedis } from './fleet-redis.ts';
import type { Shape } from './shape.ts';

export interface FleetParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  /** False: it takes commands alone. */
  readonly runs: boolean;
}

/** A part of a fleet, by its role: PostgreSQL keeps the state, and an engine that runs elsewhere says who advances what. */
export async function openFleet(
  settings: Settings,
  { clock, logger, random, runs }: FleetParts,
  opened: AsyncDisposableStack,
): Promise<Shape> {
  const { databaseUrl, role } = settings;
  // Settings that are half of a fleet are refused where they are read.
  if (databaseUrl === null) throw new SquadraError('INVALID_SETTING', 'A fleet needs DATABASE_URL.');
  const state = opened.use(await openPostgresState({ ...settings, databaseUrl }, clock));
  const { database } = state;
  const bus = opened.use(await openBus(settings, state, { clock, logger }));
  const { secondTier, sharedBuckets } = await openFleetRedis(settings, state, { clock, logger }, opened);
  const duties = { advances: runs && role !== 'api', tends: runs && role !== 'worker' };
  const look = (tenant: string, id: string) => state.reports.get(tenant, id);
  const link = await openFleetLink(settings, { clock, logger, look }, opened);
  const outbox = new PostgresOutbox(database, clock, settings);
  const onError = (error: unknown): void =>
    logger.warn({ error }, 'The queue of the fleet could not be counted; the last that is known holds.');
  const queue = opened.use(new FleetQueue({ outbox, clock, guardsGate: role !== 'worker', onError }));
  const dispatcher = opened.use(
    new Dispatcher({
      outbox,
      handover: link.handover,
      clock,
      random,
      onDown: (error) =>
        logger.warn({ error }, 'Work could not be handed to the engine; it waits, and is tried again.'),
      onUp: () => logger.info({}, 'Work is handed to the engine again.'),
    }),
  );
  const { engine, receive } = link.engine({
    onRunnable: (_, isStart) => {
      if (isStart) queue.added();
      dispatcher.nudge();
    },
    queue: () => queue.read(),
    look,
  });
  return {
    duties,
    state: { ...state, inbox: noInbox },
    sharedConvoys: state.convoys,
    lostAmong: (runs) => lostClaims(database, runs),
    engine,
    bus,
    news: bus,
    secondTier,
    sharedBuckets,
    statistics: () => ({
      ...state.statistics(),
      fleet: {
        queue: { ready: queue.read().ready, running: queue.running },
        dispatcher: dispatcher.statistics(),
        bus: bus.statistics(),
        secondTier: secondTier?.statistics() ?? null,
        sharedBuckets: sharedBuckets?.statistics() ?? null,
      },
    }),
    start: async () => {
      await queue.start();
      if (!runs) return;
      if (duties.tends) dispatcher.start();
      if (duties.advances) await receive();
    },
  };
}

/** NATS where there is one. Without it, also for the moment, everything else goes on: what it would tell is in the database. */
async function openBus(
  { natsUrl }: Settings,
  { database, access }: PostgresState,
  { clock, logger }: Pick<FleetParts, 'clock' | 'logger'>,
): Promise<FleetBus> {
  if (natsUrl.length === 0) return new PostgresBus({ database, clock, process: randomUUID() });
  const secret = await access.signingSecret(freshSecret());
  const bus = new NatsBus({
    urls: natsUrl,
    fleet: createHash('sha256').update(`nats ${secret}`).digest('base64url'),
    clock,
    onChange: (isUp, error) =>
      isUp
        ? logger.info({}, 'Live events go over NATS.')
        : logger.warn({ error }, 'NATS cannot be reached: live events come late, out of the database.'),
  });
  await bus.tried();
  return bus;
}

/** Nobody owns the state of a fleet: whoever has a command does it. */
const noInbox: Inbox = {
  send: () => Promise.reject(new SquadraError('INTERNAL', 'A fleet has no inbox.')),
  serve: () => ({ [Symbol.asyncDispose]: () => Promise.resolve() }),
};
