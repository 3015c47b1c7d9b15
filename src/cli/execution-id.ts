import { SquadraError } from '../kernel/errors.ts';
import { isId } from '../kernel/id.ts';
import type { ExecutionFilter } from '../work/execution-store.ts';
import type { Execution } from '../work/execution.ts';

/** A tenant's executions, newest first. */
export type ListExecutions = (filter: ExecutionFilter) => Promise<readonly Execution[]>;

const prefixPattern = /^[0-9a-f-]{4,35}$/;
const shown = 5;

/** The execution that `text` means: a whole id, the beginning of one, or `latest`. Throws `NOT_FOUND`, or `INVALID_INPUT` for several. */
export async function findExecution(list: ListExecutions, text: string): Promise<string> {
  const wanted = text.toLowerCase();
  if (isId(wanted)) return wanted;
  if (wanted === 'latest') {
    const [newest] = await list({ limit: 1 });
    if (newest === undefined) throw new SquadraError('NOT_FOUND', 'There is no execution yet.');
    return newest.id;
  }
  if (!prefixPattern.test(wanted))
    throw new SquadraError(
      'INVALID_INPUT',
      `'${text}' is no id of an execution: give one of \`squadra list\`, its first characters, or 'latest'.`,
    );
  // Ids are text in order; `g` comes after every digit they are made of.
  const found = await list({ before: `${wanted}g`, limit: shown });
  const matching = found.filter(({ id }) => id.startsWith(wanted));
  const [only] = matching;
  if (only === undefined)
    throw new SquadraError(
      'NOT_FOUND',
      `There is no execution whose id begins with ${text}; \`squadra list\` shows those there are.`,
    );
  if (matching.length > 1)
    throw new SquadraError(
      'INVALID_INPUT',
      `Several executions begin with ${text}: ${matching.map(({ id }) => id).join(', ')}${matching.length === shown ? ' …' : ''}. Give more of the id.`,
    );
  return only.id;
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
