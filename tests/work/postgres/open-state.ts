import type { Clock } from '../../../src/kernel/clock.ts';
import { openPostgresState } from '../../../src/work/postgres/postgres-state.ts';
import type { PostgresState } from '../../../src/work/postgres/postgres-state.ts';
import { ownDatabase } from '../../support/postgres-database.ts';

export const testSettings = {
  databaseConnections: 5,
  databaseTimeoutMs: 10_000,
  maxPendingWrites: 20_000,
  metrics: true,
};

/** A state on an empty database of its own. */
export async function openTemporaryState(clock: Clock): Promise<PostgresState> {
  const database = await ownDatabase();
  const state = await openPostgresState({ ...testSettings, databaseUrl: database.url }, clock);
  return {
    ...state,
    [Symbol.asyncDispose]: async () => {
      await state[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}
