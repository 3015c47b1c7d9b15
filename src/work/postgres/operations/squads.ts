import { SquadraError } from '../../../kernel/errors.ts';
import type { Squad } from '../../../squads/squad.ts';
import type { Statements } from '../database.ts';
import { removeBudgetsOf } from './budgets.ts';

/** Stores a new squad. Throws `NAME_TAKEN`. */
export async function createSquad(statements: Statements, tenant: string, squad: Squad): Promise<void> {
  const { id, name, version, userId } = squad;
  const stored = await statements.run(
    'INSERT INTO squads (tenant, id, name, version, body, user_id) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant, name) DO NOTHING',
    tenant,
    id,
    name,
    version,
    JSON.stringify(squad),
    userId,
  );
  if (stored === 0) throw await nameTaken(statements, tenant, name);
  await keep(statements, tenant, squad);
}

/** Puts a version in place of the one before. Throws `NOT_FOUND`, `STALE_VERSION` or `NAME_TAKEN`. */
export async function replaceSquad(statements: Statements, tenant: string, squad: Squad): Promise<void> {
  const { id, name, version } = squad;
  await refuseStale(statements, tenant, id, version - 1);
  // Two that take the same name at once: the index makes the second one wait, and then find it taken.
  const changed = await statements.run(
    `UPDATE squads SET name = $1, version = $2, body = $3 WHERE tenant = $4 AND id = $5
      AND NOT EXISTS (SELECT 1 FROM squads AS other WHERE other.tenant = $4 AND other.name = $1 AND other.id <> $5)`,
    name,
    version,
    JSON.stringify(squad),
    tenant,
    id,
  );
  if (changed === 0) throw await nameTaken(statements, tenant, name);
  await keep(statements, tenant, squad);
}

/** Throws `NOT_FOUND`, `STALE_VERSION`, `OPEN_EXECUTIONS` or `SQUAD_SCHEDULED`. */
export async function removeSquad(
  statements: Statements,
  tenant: string,
  id: string,
  version: number | null,
): Promise<void> {
  await refuseStale(statements, tenant, id, version);
  const row = await statements.first(
    `SELECT
        (SELECT count(*) FROM executions WHERE squad_id = $2 AND tenant = $1 AND status IN ('created', 'queued', 'running', 'waiting')),
        (SELECT count(*) FROM convoys WHERE tenant = $1 AND squad_id = $2 AND status = 'running'),
        (SELECT count(*) FROM schedules WHERE squad_id = $2 AND tenant = $1)`,
    tenant,
    id,
  );
  const [open, convoys, schedules] = [Number(row?.[0]), Number(row?.[1]), Number(row?.[2])];
  if (convoys > 0)
    throw new SquadraError('OPEN_EXECUTIONS', `Squad ${id} has ${convoys} running convoy${convoys === 1 ? '' : 's'}.`, {
      details: { open, convoys },
    });
  if (open > 0)
    throw new SquadraError('OPEN_EXECUTIONS', `Squad ${id} has ${open} open execution${open === 1 ? '' : 's'}.`, {
      details: { open },
    });
  if (schedules > 0)
    throw new SquadraError(
      'SQUAD_SCHEDULED',
      `Squad ${id} has ${schedules} schedule${schedules === 1 ? '' : 's'} that would begin work of it.`,
      { details: { schedules } },
    );
  await statements.run('DELETE FROM squads WHERE tenant = $1 AND id = $2', tenant, id);
  await removeBudgetsOf(statements, tenant, 'squad', [id]);
}

/** Every version stays, because executions pin the one they started with. */
async function keep(statements: Statements, tenant: string, squad: Squad): Promise<void> {
  await statements.run(
    'INSERT INTO squad_versions (tenant, squad_id, version, body) VALUES ($1, $2, $3, $4)',
    tenant,
    squad.id,
    squad.version,
    JSON.stringify(squad),
  );
}

/** Its row is held until the transaction ends. */
async function refuseStale(
  statements: Statements,
  tenant: string,
  id: string,
  expectedVersion: number | null,
): Promise<void> {
  const row = await statements.first('SELECT version FROM squads WHERE tenant = $1 AND id = $2 FOR UPDATE', tenant, id);
  if (row === undefined)
    throw new SquadraError('NOT_FOUND', `There is no squad ${id}; \`squadra squads\` shows those there are.`);
  const currentVersion = Number(row[0]);
  if (expectedVersion === null || expectedVersion === currentVersion) return;
  const message = `Squad ${id} is at version ${currentVersion}, not ${expectedVersion}; read it again and apply the change to that.`;
  throw new SquadraError('STALE_VERSION', message, { details: { expectedVersion, currentVersion } });
}

async function nameTaken(statements: Statements, tenant: string, name: string): Promise<SquadraError> {
  const row = await statements.first('SELECT id FROM squads WHERE tenant = $1 AND name = $2', tenant, name);
  // Whoever had the name may have given it up since.
  const [which, details] = typeof row?.[0] === 'string' ? [` (${row[0]})`, { squadId: row[0] }] : ['', {}];
  return new SquadraError('NAME_TAKEN', `There is a squad named ${JSON.stringify(name)} already${which}.`, {
    details: { name, ...details },
  });
}
