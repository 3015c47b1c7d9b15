import { only } from '../evidence.ts';
import type { Check, Evidence } from '../evidence.ts';

const final: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);

/** Accepted is durable: whatever was acknowledged is there and was done. */
export function acceptanceChecks({ state, acks, lives }: Evidence): Check[] {
  const rowOf = (id: string) => state.executions.get(id)?.row;
  const accepted = new Map(only(acks, 'accepted').map((line) => [line.id, line]));
  const surprises = only(acks, 'surprise').map(({ doing, error }) => `${doing}: ${error}`);
  const died = only(lives, 'died').map(({ life }) => `life ${life} ended by itself, or not when it was told to`);
  return [
    {
      name: 'executions lost',
      found: [...accepted.values()].flatMap(({ id, job }) => {
        const status = rowOf(id)?.status ?? 'missing';
        return final.has(status) ? [] : [`${job} ${id} was accepted and is ${status}`];
      }),
    },
    {
      name: 'executions left open',
      found: [...state.executions.values()].flatMap(({ row }) =>
        final.has(row.status) || accepted.has(row.id) ? [] : [`${row.workflow} ${row.id} is ${row.status}`],
      ),
    },
    {
      name: 'executions that ended otherwise than they had to',
      found: [...accepted.values()].flatMap(({ id, job, end }) => {
        const status = rowOf(id)?.status ?? 'missing';
        return !final.has(status) || end === 'any' || status === end
          ? []
          : [`${job} ${id} is ${status} and had to be ${end}`];
      }),
    },
    { name: 'commands lost', found: lostCommands({ state, acks }) },
    { name: 'idempotency keys with two executions', found: doubleKeys({ state, acks }) },
    { name: 'outcomes told that are not stored', found: falseOutcomes({ state, acks }) },
    { name: 'errors nobody expected', found: [...surprises, ...died] },
  ];
}

type Part = Pick<Evidence, 'state' | 'acks'>;

function lostCommands({ state, acks }: Part): string[] {
  return acks.flatMap((line) => {
    if (!('id' in line)) return [];
    const execution = state.executions.get(line.id);
    if (execution === undefined) return [];
    const said = `${line.event} of ${line.id} was acknowledged`;
    const has = (status: string): boolean =>
      execution.journal.some(({ kind, type }) => kind === 'status' && type === status);
    switch (line.event) {
      case 'signalled':
        return execution.signals.some(({ payload }) => payload === JSON.stringify(line.payload))
          ? []
          : [`${said}: no signal`];
      case 'approved':
        return execution.approvals.some(({ id, choice }) => id === line.approval && choice === line.choice)
          ? []
          : [`${said}: no answer`];
      case 'cancelled':
        return execution.row.status === 'cancelled' ? [] : [`${said}: it is ${execution.row.status}`];
      case 'retried':
      case 'started':
        return has('queued') ? [] : [`${said}: it was never queued`];
      default:
        return [];
    }
  });
}

function doubleKeys({ state, acks }: Part): string[] {
  const found: string[] = [];
  const byKey = new Map<string, string>();
  for (const { key, id } of only(acks, 'accepted')) {
    if (key === null) continue;
    const known = byKey.get(key) ?? id;
    byKey.set(key, known);
    if (known !== id) found.push(`${key}: ${known} and ${id}`);
    if (state.executions.get(id)?.row.idempotency_key !== key) found.push(`${key}: ${id} does not bear it`);
  }
  return found;
}

function falseOutcomes({ state, acks }: Part): string[] {
  return only(acks, 'outcome').flatMap(({ id, status, output }) => {
    const execution = state.executions.get(id);
    const recorded = execution?.journal.some(({ kind, type }) => kind === 'status' && type === status) === true;
    // A failed one may have been retried since; the others are final.
    if (recorded && (status === 'failed' || (execution.row.status === status && execution.row.output === output)))
      return [];
    return [`${id} was told to be ${status} with ${output}`];
  });
}
