import type { DatabaseSync } from 'node:sqlite';
import { accessOperations } from './access.ts';
import { budgetOperations } from './budgets.ts';
import { claiming, pendingSignals } from './claiming.ts';
import { commands } from './commands.ts';
import { committing } from './committing.ts';
import { convoyOperations } from './convoys.ts';
import { forking } from './forking.ts';
import { oldExecutions, retention } from './retention.ts';
import { scheduleOperations } from './schedules.ts';
import { squadOperations } from './squads.ts';
import { submission } from './submission.ts';
import { workItemOperations } from './work-items.ts';

/**
 * Everything the writer thread can do, by name. An operation refuses (throws a `SquadraError`) before it writes; any other
 * error makes its group run again one by one.
 */
export function operations(database: DatabaseSync) {
  return {
    submit: submission(database),
    fork: forking(database),
    claim: claiming(database),
    commit: committing(database),
    pendingSignals: pendingSignals(database),
    oldExecutions: oldExecutions(database),
    prune: retention(database),
    ...commands(database),
    ...convoyOperations(database),
    ...budgetOperations(database),
    ...scheduleOperations(database),
    ...squadOperations(database),
    ...accessOperations(database),
    ...workItemOperations(database),
  };
}

export type Operations = ReturnType<typeof operations>;
export type OperationName = keyof Operations;
export type OperationArguments<N extends OperationName> = Parameters<Operations[N]>[0];
export type OperationResult<N extends OperationName> = ReturnType<Operations[N]>;
