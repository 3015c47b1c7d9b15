import { systemClock } from '../kernel/clock.ts';
import { moveState, unsealState } from '../orchestrator/move-state.ts';
import type { MoveProgress, MovedState } from '../orchestrator/move-state.ts';
import { migratePostgres } from '../work/postgres/postgres-state.ts';
import { openPostgresTarget } from '../work/postgres/postgres-state-target.ts';
import { openSqliteSource } from '../work/sqlite/sqlite-state-source.ts';
import { soloSettings, withDatabase } from './options.ts';
import type { StateOptions } from './options.ts';

/** Brings the database of a fleet to the present version. Returns the versions it had and has. */
export function migrateDatabase(options: StateOptions): Promise<{ readonly from: number; readonly to: number }> {
  return migratePostgres(withDatabase(soloSettings(options)));
}

/** Moves a state folder into the database of a fleet; see `moveState`. Throws why either of them is not to be had. */
export async function moveToFleet(
  options: StateOptions,
  onProgress: (progress: MoveProgress) => void,
): Promise<MovedState> {
  const settings = withDatabase(soloSettings(options));
  await using source = await openSqliteSource(settings, systemClock);
  await using target = await openPostgresTarget(settings, systemClock);
  return await moveState({ source, target, now: () => systemClock.now(), onProgress });
}

/** Takes the move of a state folder back; see `unsealState`. With `isForced` the database is not asked. */
export async function unsealFolder(
  options: StateOptions,
  isForced: boolean,
): Promise<{ readonly stateDir: string; readonly wasSealed: boolean }> {
  const settings = soloSettings(options);
  await using source = await openSqliteSource(settings, systemClock);
  await using target = isForced ? null : await openPostgresTarget(withDatabase(settings), systemClock);
  return { stateDir: settings.stateDir, wasSealed: await unsealState(source, target) };
}
