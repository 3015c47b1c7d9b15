import { existsSync } from 'node:fs';
import type { Clock } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { ReaderPool } from './reader-pool.ts';
import { SqliteAccessReports } from './sqlite-access-store.ts';
import { SqliteApprovalReports } from './sqlite-approval-store.ts';
import { SqliteBudgetReports } from './sqlite-budget-store.ts';
import { SqliteConvoyReports } from './sqlite-convoy-store.ts';
import { SqliteExecutionReports } from './sqlite-execution-reports.ts';
import { SqliteMetricReports } from './sqlite-metric-store.ts';
import { SqliteScheduleReports } from './sqlite-schedule-store.ts';
import { SqliteSquadReports } from './sqlite-squad-store.ts';
import { SqliteSupervisionReports } from './sqlite-supervision-reports.ts';
import { SqliteUsageReports } from './sqlite-usage-reports.ts';
import { statePaths } from './sqlite-state.ts';
import { SqliteWorkItemReports } from './sqlite-work-item-store.ts';

export interface SqliteReportsSettings {
  readonly stateDir: string;
  readonly readers: number;
  readonly readerTimeoutMs: number;
}

/** The reading half of a state folder, for processes that do not run it. */
export interface SqliteReports extends AsyncDisposable {
  readonly readers: ReaderPool;
  readonly reports: SqliteExecutionReports;
  readonly usage: SqliteUsageReports;
  readonly supervision: SqliteSupervisionReports;
  readonly squads: SqliteSquadReports;
  readonly workItems: SqliteWorkItemReports;
  readonly approvals: SqliteApprovalReports;
  readonly convoys: SqliteConvoyReports;
  readonly budgets: SqliteBudgetReports;
  readonly schedules: SqliteScheduleReports;
  readonly metrics: SqliteMetricReports;
  readonly access: SqliteAccessReports;
}

/**
 * Opens a state folder for reading, beside the process that runs it or alone; takes no lock and writes nothing.
 * Throws `NOT_FOUND` when there is no state; what else is wrong with the file is told by the first query.
 */
export function openSqliteReports(settings: SqliteReportsSettings, clock: Clock): SqliteReports {
  const path = statePaths(settings.stateDir).database;
  if (!existsSync(path)) {
    const message = `There is no state in ${settings.stateDir} yet; run \`squadra demo\` or \`squadra run\`, or name another folder with --state-dir.`;
    throw new SquadraError('NOT_FOUND', message, { details: { stateDir: settings.stateDir } });
  }
  const readers = new ReaderPool({ ...settings, path }, clock);
  return {
    readers,
    reports: new SqliteExecutionReports(readers),
    usage: new SqliteUsageReports(readers),
    supervision: new SqliteSupervisionReports(readers),
    squads: new SqliteSquadReports(readers),
    workItems: new SqliteWorkItemReports(readers),
    approvals: new SqliteApprovalReports(readers),
    convoys: new SqliteConvoyReports(readers),
    budgets: new SqliteBudgetReports(readers, clock),
    schedules: new SqliteScheduleReports(readers),
    metrics: new SqliteMetricReports(readers),
    access: new SqliteAccessReports(readers),
    [Symbol.asyncDispose]: () => readers[Symbol.asyncDispose](),
  };
}
