import type { Clock } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { databaseName } from './database-name.ts';
import { Database } from './database.ts';
import type { PostgresSettings } from './database.ts';
import { readSchemaVersion } from './migrations.ts';
import { PostgresAccessStore } from './postgres-access-store.ts';
import { PostgresApprovalStore } from './postgres-approval-store.ts';
import { PostgresBudgetStore } from './postgres-budget-store.ts';
import { PostgresConvoyReports } from './postgres-convoy-reports.ts';
import { PostgresExecutionReports } from './postgres-execution-reports.ts';
import { PostgresScheduleStore } from './postgres-schedule-store.ts';
import { PostgresSquadStore } from './postgres-squad-store.ts';
import { PostgresSupervisionReports } from './postgres-supervision-reports.ts';
import { PostgresUsageReports } from './postgres-usage-reports.ts';
import { PostgresWorkItemStore } from './postgres-work-item-store.ts';

/**
 * Connects to the database of a fleet for reading, beside its processes; changes nothing.
 * Throws `NOT_FOUND` when there is no state in it yet, `STORE_UNAVAILABLE` when it cannot be reached.
 */
export async function openPostgresReports(settings: PostgresSettings, clock: Clock) {
  const database = new Database(settings);
  try {
    if ((await readSchemaVersion(database)) === 0) throw noState(settings);
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
  return {
    reports: new PostgresExecutionReports(database),
    squads: new PostgresSquadStore(database),
    workItems: new PostgresWorkItemStore(database, clock),
    approvals: new PostgresApprovalStore(database, clock),
    convoys: new PostgresConvoyReports(database),
    usage: new PostgresUsageReports(database),
    supervision: new PostgresSupervisionReports(database),
    budgets: new PostgresBudgetStore(database, clock),
    schedules: new PostgresScheduleStore(database, clock),
    access: new PostgresAccessStore(database),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

function noState({ databaseUrl }: PostgresSettings): SquadraError {
  const name = databaseName(databaseUrl);
  return new SquadraError(
    'NOT_FOUND',
    `There is no state in ${name} yet; \`squadra migrate\` or the first process of the fleet makes it.`,
    { details: { database: name } },
  );
}
