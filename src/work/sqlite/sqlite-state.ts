import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import type { StateOwner } from '../state-inspection.ts';
import { OwnerLock, thisOwner } from './owner-lock.ts';
import { ReaderPool } from './reader-pool.ts';
import { SqliteAccessStore } from './sqlite-access-store.ts';
import { SqliteApprovalStore } from './sqlite-approval-store.ts';
import { SqliteBudgetStore } from './sqlite-budget-store.ts';
import { SqliteConvoyStore } from './sqlite-convoy-store.ts';
import { SqliteExecutionReports } from './sqlite-execution-reports.ts';
import { SqliteExecutionStore } from './sqlite-execution-store.ts';
import { SqliteInbox } from './sqlite-inbox.ts';
import { SqliteMetricStore } from './sqlite-metric-store.ts';
import { SqliteScheduleStore } from './sqlite-schedule-store.ts';
import { SqliteSessionStore } from './sqlite-session-store.ts';
import { SqliteStateProbe } from './sqlite-state-probe.ts';
import { SqliteSquadStore } from './sqlite-squad-store.ts';
import { SqliteSupervisionReports } from './sqlite-supervision-reports.ts';
import { SqliteUsageReports } from './sqlite-usage-reports.ts';
import { SqliteWorkItemStore } from './sqlite-work-item-store.ts';
import { Writer } from './writer.ts';
import { storeError } from './sqlite-failure.ts';

export interface SqliteStateSettings {
  readonly stateDir: string;
  readonly maxPendingWrites: number;
  readonly commitDelayMs: number;
  /** Whether metrics are kept. */
  readonly metrics: boolean;
  readonly readers: number;
  readonly readerTimeoutMs: number;
}

/** The files of a state folder. */
export function statePaths(stateDir: string) {
  return {
    database: join(stateDir, 'squadra.db'),
    lock: join(stateDir, 'owner.lock'),
    inbox: join(stateDir, 'inbox.db'),
  };
}

/** What one process that runs a state folder has open, and the stores on it. */
export interface SqliteState extends AsyncDisposable {
  readonly writer: Writer;
  readonly readers: ReaderPool;
  readonly executions: SqliteExecutionStore;
  readonly reports: SqliteExecutionReports;
  readonly usage: SqliteUsageReports;
  readonly supervision: SqliteSupervisionReports;
  readonly squads: SqliteSquadStore;
  readonly workItems: SqliteWorkItemStore;
  readonly approvals: SqliteApprovalStore;
  readonly convoys: SqliteConvoyStore;
  readonly budgets: SqliteBudgetStore;
  readonly schedules: SqliteScheduleStore;
  readonly metrics: SqliteMetricStore;
  readonly access: SqliteAccessStore;
  readonly sessions: SqliteSessionStore;
  readonly inbox: SqliteInbox;
  readonly probe: SqliteStateProbe;
}

/** Takes the folder for this process and opens it; throws `STORE_LOCKED`, or why the file cannot be opened. */
export async function openSqliteState(
  settings: SqliteStateSettings,
  clock: Clock,
  command: string,
): Promise<SqliteState> {
  const paths = statePaths(settings.stateDir);
  makeFolder(settings.stateDir);
  const lock = OwnerLock.take(paths.lock, thisOwner(command, clock.now()));
  try {
    const writer = await Writer.open({ ...settings, path: paths.database });
    const readers = new ReaderPool({ ...settings, path: paths.database }, clock);
    return {
      writer,
      readers,
      executions: new SqliteExecutionStore(writer, clock),
      reports: new SqliteExecutionReports(readers),
      usage: new SqliteUsageReports(readers),
      supervision: new SqliteSupervisionReports(readers),
      squads: new SqliteSquadStore(writer, readers),
      workItems: new SqliteWorkItemStore(writer, readers, clock),
      approvals: new SqliteApprovalStore(writer, readers, clock),
      convoys: new SqliteConvoyStore(writer, readers, clock),
      budgets: new SqliteBudgetStore(writer, readers, clock),
      schedules: new SqliteScheduleStore(writer, readers, clock),
      metrics: new SqliteMetricStore(writer, readers, settings.metrics),
      access: new SqliteAccessStore(writer, readers),
      sessions: new SqliteSessionStore(writer, readers),
      inbox: new SqliteInbox(paths.inbox, clock),
      probe: new SqliteStateProbe(writer),
      [Symbol.asyncDispose]: async () => {
        await readers[Symbol.asyncDispose]();
        await writer.close();
        lock[Symbol.dispose]();
      },
    };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** The way to the process that runs a state folder, for the others. */
export function openSqliteInbox(stateDir: string, clock: Clock): SqliteInbox {
  return new SqliteInbox(statePaths(stateDir).inbox, clock);
}

/** Who runs a state folder now; null when nobody does. */
export function stateOwner(stateDir: string): StateOwner | null {
  const { lock } = statePaths(stateDir);
  if (!OwnerLock.isTaken(lock)) return null;
  // The note is written just after the lock was taken.
  return OwnerLock.read(lock) ?? { pid: 0, host: 'unknown', command: 'unknown', since: new Date(0).toISOString() };
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw storeError(error, path);
  }
}
