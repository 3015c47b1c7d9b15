import type { OwnedRun } from '../../owned-run.ts';
import { text } from '../../rows/columns.ts';
import type { Statements } from '../database.ts';

/** Which of these claims hold no more: the execution has ended, waits, or belongs to a later claim. */
export async function lostClaims(statements: Statements, runs: readonly OwnedRun[]): Promise<readonly OwnedRun[]> {
  const rows = await statements.all(
    `SELECT given.tenant, given.id, given.epoch FROM unnest($1::text[], $2::text[], $3::integer[]) AS given (tenant, id, epoch)
      WHERE NOT EXISTS (SELECT 1 FROM executions AS e WHERE e.id = given.id AND e.tenant = given.tenant AND e.epoch = given.epoch
        AND e.status = 'running')`,
    runs.map(({ tenant }) => tenant),
    runs.map(({ id }) => id),
    runs.map(({ epoch }) => epoch),
  );
  return rows.map(([tenant, id, epoch]) => ({ tenant: text(tenant), id: text(id), epoch: Number(epoch) }));
}
