import { hostname } from 'node:os';
import type { Clock } from '../../kernel/clock.ts';
import { Database } from './database.ts';
import type { PostgresSettings } from './database.ts';
import { migrate, readSchemaVersion } from './migrations.ts';
import { PostgresAccessStore } from './postgres-access-store.ts';
import { PostgresApprovalStore } from './postgres-approval-store.ts';
import { PostgresBudgetStore } from './postgres-budget-store.ts';
import { PostgresConvoyStore } from './postgres-convoy-store.ts';
import { PostgresExecutionReports } from './postgres-execution-reports.ts';
import { PostgresExecutionStore } from './postgres-execution-store.ts';
import type { WriteStatistics } from './postgres-execution-store.ts';
import { PostgresMetricStore } from './postgres-metric-store.ts';
import { PostgresScheduleStore } from './postgres-schedule-store.ts';
import { PostgresSessionStore } from './postgres-session-store.ts';
import { PostgresSquadStore } from './postgres-squad-store.ts';
import { PostgresStateProbe } from './postgres-state-probe.ts';
import { PostgresSupervisionReports } from './postgres-supervision-reports.ts';
import { PostgresUsageReports } from './postgres-usage-reports.ts';
import { PostgresWorkItemStore } from './postgres-work-item-store.ts';
import { placeRestoredRecords } from './restored-feed.ts';
import { requireWholeState } from './state-moves.ts';

export interface PostgresStateSettings extends PostgresSettings {
  readonly maxPendingWrites: number;
  /** Whether metrics are kept. */
  readonly metrics: boolean;
}

/** What one process of a fleet has open, and the stores on it. */
export interface PostgresState extends AsyncDisposable {
  readonly database: Database;
  readonly executions: PostgresExecutionStore;
  readonly reports: PostgresExecutionReports;
  readonly approvals: PostgresApprovalStore;
  readonly workItems: PostgresWorkItemStore;
  readonly squads: PostgresSquadStore;
  readonly usage: PostgresUsageReports;
  readonly supervision: PostgresSupervisionReports;
  readonly access: PostgresAccessStore;
  readonly sessions: PostgresSessionStore;
  readonly probe: PostgresStateProbe;
  readonly metrics: PostgresMetricStore;
  readonly budgets: PostgresBudgetStore;
  readonly convoys: PostgresConvoyStore;
  readonly schedules: PostgresScheduleStore;
  readonly statistics: () => StateStatistics;
}

/** How the writes of this process are gathered, and how its connections are used. */
export interface StateStatistics {
  readonly writer: WriteStatistics;
  readonly readers: {
    readonly size: number;
    readonly busy: number;
    readonly waiting: number;
    readonly queries: number;
  };
}

/** Connects to the database of a fleet and brings it to the present version. */
export async function openPostgresState(settings: PostgresStateSettings, clock: Clock): Promise<PostgresState> {
  const database = new Database(settings);
  try {
    await migrate(database);
    await requireWholeState(database);
    await placeRestoredRecords(database);
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
  const executions = new PostgresExecutionStore(database, clock, settings);
  return {
    database,
    executions,
    reports: new PostgresExecutionReports(database),
    approvals: new PostgresApprovalStore(database, clock),
    workItems: new PostgresWorkItemStore(database, clock),
    squads: new PostgresSquadStore(database),
    usage: new PostgresUsageReports(database),
    supervision: new PostgresSupervisionReports(database),
    access: new PostgresAccessStore(database),
    sessions: new PostgresSessionStore(database),
    probe: new PostgresStateProbe(database),
    metrics: new PostgresMetricStore(database, clock, { ...settings, process: `${hostname()}:${process.pid}` }),
    budgets: new PostgresBudgetStore(database, clock),
    convoys: new PostgresConvoyStore(database, clock, settings, (claimed) => executions.opened(claimed)),
    schedules: new PostgresScheduleStore(database, clock),
    statistics: () => {
      const { connections: size, idle, waiting, statements: queries } = database.statistics();
      return { writer: executions.statistics(), readers: { size, busy: size - idle, waiting, queries } };
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

/** Brings the database to the present version, and closes it again. Returns the versions it had and has. */
export async function migratePostgres(
  settings: PostgresSettings,
): Promise<{ readonly from: number; readonly to: number }> {
  await using database = new Database(settings);
  const from = await readSchemaVersion(database);
  await migrate(database);
  return { from, to: await readSchemaVersion(database) };
}
