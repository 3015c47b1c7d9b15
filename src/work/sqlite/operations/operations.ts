import type { DatabaseSync } from 'node:sqlite';
import { accessOperations } from './access.ts';
import { budgetOperations } from './budgets.ts';
import { claiming, pendingSignals } from './claiming.ts';
import { commands } from './commands.ts';
import { committing } from './committing.ts';
import { convoyOperations } from './convoys.ts';
import { forking } from './forking.ts';
import { metricOperations, unmetered } from './metrics.ts';
import type { Metering } from './metrics.ts';
import { probing } from './probing.ts';
import { oldExecutions, retention } from './retention.ts';
import { scheduleOperations } from './schedules.ts';
import { squadOperations } from './squads.ts';
import { submission } from './submission.ts';
import { workItemOperations } from './work-items.ts';

/**
 * Everything the writer thread can do, by name. An operation refuses (throws a `SquadraError`) before it writes; any other
 * error makes its group run again one by one.
 */
export function operations(database: DatabaseSync, metrics: Metering = unmetered) {
  return {
    submit: submission(database, metrics),
    fork: forking(database, metrics),
    claim: claiming(database),
    commit: committing(database, metrics),
    pendingSignals: pendingSignals(database),
    oldExecutions: oldExecutions(database, metrics),
    prune: retention(database, metrics),
    ...commands(database, metrics),
    ...convoyOperations(database, metrics),
    ...budgetOperations(database),
    ...scheduleOperations(database, metrics),
    ...squadOperations(database),
    ...accessOperations(database),
    ...workItemOperations(database),
    ...metricOperations(database, metrics),
    probe: probing(database),
  };
}

export type Operations = ReturnType<typeof operations>;
export type OperationName = keyof Operations;
export type OperationArguments<N extends OperationName> = Parameters<Operations[N]>[0];
export type OperationResult<N extends OperationName> = ReturnType<Operations[N]>;
