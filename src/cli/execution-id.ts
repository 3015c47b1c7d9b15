import type { ExecutionFilter } from '../work/execution-store.ts';
import type { Execution } from '../work/execution.ts';
import { findNamed } from './named-id.ts';

/** A tenant's executions, newest first. */
export type ListExecutions = (filter: ExecutionFilter) => Promise<readonly Execution[]>;

/** The execution that `text` means: a whole id, the beginning of one, or `latest`. Throws `NOT_FOUND`, or `INVALID_INPUT` for several. */
export function findExecution(list: ListExecutions, text: string): Promise<string> {
  return findNamed(list, text, { one: 'an execution', many: 'executions', command: 'squadra list' });
}

/** States that go on by themselves once somebody runs the folder. */
const unfinished = ['queued', 'running', 'waiting'] as const;

/** The newest execution that is not over; null when all are. */
export async function findUnfinished(
  list: ListExecutions,
  filter: Omit<ExecutionFilter, 'limit'> = {},
): Promise<Execution | null> {
  const found = await Promise.all(unfinished.map((status) => list({ ...filter, status, limit: 1 })));
  return found.flat().toSorted((a, b) => (a.id < b.id ? 1 : -1))[0] ?? null;
}
