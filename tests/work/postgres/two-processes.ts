import { Database } from '../../../src/work/postgres/database.ts';
import { migrate } from '../../../src/work/postgres/migrations.ts';
import { ownDatabase } from '../../support/postgres-database.ts';
import { testSettings } from './open-state.ts';

/** What two processes have open of one state. */
export interface TwoProcesses extends AsyncDisposable {
  readonly databases: readonly [Database, Database];
}

export async function twoProcesses(): Promise<TwoProcesses> {
  const own = await ownDatabase();
  const settings = { ...testSettings, databaseUrl: own.url };
  const databases = [new Database(settings), new Database(settings)] as const;
  await migrate(databases[0]);
  return {
    databases,
    [Symbol.asyncDispose]: async () => {
      for (const database of databases) await database[Symbol.asyncDispose]();
      await own[Symbol.asyncDispose]();
    },
  };
}

/** Whether the two never stood in each other's way so that PostgreSQL had to give one of them up. */
export function noRetry({ databases }: TwoProcesses): boolean {
  return databases.every((database) => database.statistics().collisions === 0);
}
