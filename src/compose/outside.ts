import { noToolbox, openAsker } from '../agents/open-asker.ts';
import { createPrices } from '../agents/pricing.ts';
import { MemoryCache } from '../cache/memory/memory-cache.ts';
import { isFleet } from '../config/fleet-check.ts';
import { readPrices } from '../config/prices.ts';
import type { Settings } from '../config/settings.ts';
import { inspectRestate } from '../engines/restate/restate-inspection.ts';
import { inspectInngest } from '../engines/inngest/inngest-inspection.ts';
import type { RestateInspection } from '../engines/restate/restate-inspection.ts';
import { systemClock } from '../kernel/clock.ts';
import { createIds } from '../kernel/id.ts';
import { checkExecutions } from '../orchestrator/check.ts';
import type { CheckedExecution } from '../orchestrator/check.ts';
import { askStatus } from '../orchestrator/process-status.ts';
import type { ProcessStatus } from '../orchestrator/process-status.ts';
import type { SquadraOptions } from '../orchestrator/squadra-options.ts';
import type { StateReports } from '../orchestrator/state-reports.ts';
import { production } from '../orchestrator/surroundings.ts';
import { inspectRedis } from '../redis/redis-inspection.ts';
import type { RedisInspection } from '../redis/redis-inspection.ts';
import { readCatalogue } from '../squads/catalogue.ts';
import type { StateInspection, StateOwner } from '../work/state-inspection.ts';
import { databaseName } from '../work/postgres/database-name.ts';
import { inspectNats } from '../bus/nats/nats-inspection.ts';
import type { NatsInspection } from '../bus/nats/nats-inspection.ts';
import { inspectDatabase } from '../work/postgres/database-inspection.ts';
import type { DatabaseInspection } from '../work/postgres/database-inspection.ts';
import { openPostgresReports } from '../work/postgres/postgres-reports.ts';
import { inspectStateFile } from '../work/sqlite/state-file-inspection.ts';
import { openSqliteReports } from '../work/sqlite/sqlite-reports.ts';
import { openSqliteInbox, stateOwner } from '../work/sqlite/sqlite-state.ts';
import { settingsOf, withDatabase, workflowsOf } from './options.ts';
import type { StateOptions } from './options.ts';

/**
 * Opens a state for reading, beside whoever runs it or alone: that of a fleet, or a state folder.
 * Throws `NOT_FOUND` when there is no state yet.
 */
export async function openReports(options: StateOptions): Promise<StateReports> {
  const settings = settingsOf(options);
  return isFleet(settings)
    ? await openPostgresReports(withDatabase(settings), systemClock)
    : openSqliteReports(settings, systemClock);
}

/** Where a state is, for people: a folder, or the database of a fleet without what opens it. */
export interface StatePlace {
  readonly isFleet: boolean;
  readonly name: string;
}

export function placeOf(options: StateOptions): StatePlace {
  const settings = settingsOf(options);
  return isFleet(settings)
    ? { isFleet: true, name: databaseName(withDatabase(settings).databaseUrl) }
    : { isFleet: false, name: settings.stateDir };
}

/**
 * Who runs a state folder, and how busy that process is: null where it does not say within the time, for it may be busy, on its
 * way out, or of another version. Null when nobody runs it, and of a fleet, whose processes nobody counts. It is not asked where the
 * time is null.
 */
export async function readOwner(
  options: StateOptions,
  timeoutMs: number | null,
): Promise<{ readonly owner: StateOwner; readonly status: ProcessStatus | null } | null> {
  const settings = settingsOf(options);
  const owner = isFleet(settings) ? null : stateOwner(settings.stateDir);
  if (owner === null) return null;
  const ask = (ms: number) => askStatus(openSqliteInbox(settings.stateDir, systemClock), createIds(systemClock)(), ms);
  return { owner, status: timeoutMs === null ? null : await ask(timeoutMs) };
}

/** Replays what is in flight against the workflows of `options`, beside whoever runs it, without doing anything. */
export async function* checkState(
  options: SquadraOptions,
  tenant: string,
): AsyncGenerator<CheckedExecution, void, void> {
  const settings = settingsOf(options);
  const { clock, random } = production;
  const workflows = workflowsOf(options);
  await using state = await openReports(options);
  const prices = createPrices(clock, readPrices(options.prices));
  const asker = openAsker({
    settings,
    prices,
    toolbox: noToolbox,
    catalogue: readCatalogue(),
    cache: new MemoryCache(settings, clock),
    admission: production.openAdmission(settings, clock, null),
    clock,
    threads: null,
    models: options.models,
    offlinePaceMs: null,
  });
  yield* checkExecutions({ ...state, workflows, services: { clock, random, limits: settings, asker } }, tenant);
}

/** Looks at a state folder from outside. */
export function inspectState({ stateDir }: Settings): StateInspection {
  return inspectStateFile(stateDir);
}

/** Looks at the database of a fleet. Throws why it cannot be reached. */
export function inspectFleetDatabase(settings: Settings): Promise<DatabaseInspection> {
  return inspectDatabase(withDatabase(settings));
}

/** Asks the NATS of a fleet whether it is there; null where there is none. */
export function inspectFleetNats({ natsUrl }: Settings): Promise<NatsInspection | null> {
  return natsUrl.length === 0 ? Promise.resolve(null) : inspectNats(natsUrl);
}

/** Asks the Redis of a fleet whether it is there; null where there is none. */
export function inspectFleetRedis({ redisUrl }: Settings): Promise<RedisInspection | null> {
  return redisUrl === null ? Promise.resolve(null) : inspectRedis(redisUrl);
}

/** Asks the engine of a fleet whether it is there. Inngest tells nobody of its workers but who signs in to its dashboard. */
export async function inspectFleetEngine(settings: Settings): Promise<RestateInspection> {
  if (settings.engine === 'inngest') return { ...(await inspectInngest(settings)), workers: null };
  return inspectRestate(settings);
}
