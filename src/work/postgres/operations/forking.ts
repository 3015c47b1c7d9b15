import type { Squad } from '../../../squads/squad.ts';
import type { NewExecution } from '../../execution-store.ts';
import type { InheritedItem, Inheritance, SquadSnapshot } from '../../fork.ts';
import { journalColumns } from '../../rows/journal-row.ts';
import type { JournalColumns } from '../../rows/journal-row.ts';
import type { Statements } from '../database.ts';
import { storedText } from '../stored-text.ts';
import { insertExecution } from './submission.ts';

/** Stores an execution together with what it takes over; returns the version of the squad that it has. */
export async function forkExecution(
  statements: Statements,
  tenant: string,
  execution: NewExecution,
  { records, items, snapshot }: Inheritance,
): Promise<number | null> {
  const squadVersion = snapshot === null ? execution.squadVersion : await keep(statements, tenant, snapshot);
  const { no } = await insertExecution(statements, tenant, { ...execution, squadVersion });
  const at = execution.createdAt;
  await append(statements, { no, tenant, at }, records.map(journalColumns));
  await insertItems(statements, { tenant, executionId: execution.id, at }, items);
  return squadVersion;
}

async function append(
  statements: Statements,
  { no, tenant, at }: { readonly no: number; readonly tenant: string; readonly at: number },
  records: readonly JournalColumns[],
): Promise<void> {
  if (records.length === 0) return;
  const safe = (text: string | null): string | null => (text === null ? null : storedText(text));
  const lines = records.map(([kind, key, type, phase, attempt, inputHash, dueAt, data, text], nth) => {
    const texts = { key: safe(key), data: safe(data), text: safe(text) };
    return { nth: nth + 1, kind, type, phase, attempt, input_hash: inputHash, due_at: dueAt, ...texts };
  });
  await statements.run(
    `WITH numbered AS (UPDATE executions SET last_seq = last_seq + $4 WHERE no = $1 RETURNING last_seq - $4 AS base)
      INSERT INTO journal (execution, seq, tenant, at, kind, key, type, phase, attempt, input_hash, due_at, data, text)
        SELECT $1, base + nth, $2, $3, kind, key, type, phase, attempt, input_hash, due_at, data, text
          FROM numbered CROSS JOIN json_to_recordset($5::json) AS r (nth integer, kind text, key text, type text, phase text, attempt integer,
            input_hash text, due_at bigint, data text, text text) ORDER BY nth`,
    no,
    tenant,
    at,
    lines.length,
    JSON.stringify(lines),
  );
}

async function insertItems(
  statements: Statements,
  { tenant, executionId, at }: { readonly tenant: string; readonly executionId: string; readonly at: number },
  items: readonly InheritedItem[],
): Promise<void> {
  for (const { id, status, priority, memberId, stepKey, title, description, ...rest } of items) {
    const json = [rest.context, rest.metadata, rest.artifacts].map((value) => JSON.stringify(value));
    await statements.run(
      `INSERT INTO work_items (id, tenant, status, version, priority, member_id, execution_id, step_key, created_at, updated_at, title,
          description, context, metadata, artifacts, labels, dependencies)
        VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12, $13, '[]', '[]')`,
      id,
      tenant,
      status,
      priority,
      memberId,
      executionId,
      stepKey,
      at,
      title,
      description,
      ...json,
    );
  }
}

/** Stores a snapshot under the next version below zero, where the versions that a squad goes through never come. */
async function keep(statements: Statements, tenant: string, { squad, changedMembers }: SquadSnapshot): Promise<number> {
  // Two forks at once must not take the same version.
  await statements.run('SELECT pg_advisory_xact_lock(hashtextextended($1, 1))', squad.id);
  const sql = 'SELECT min(version) FROM squad_versions WHERE tenant = $1 AND squad_id = $2';
  const lowest = await statements.first(sql, tenant, squad.id);
  const version = Math.min(0, Number(lowest?.[0] ?? 0)) - 1;
  const changed = new Set(changedMembers);
  const members = squad.members.map((member) => (changed.has(member.id) ? { ...member, version } : member));
  await statements.run(
    'INSERT INTO squad_versions (tenant, squad_id, version, body) VALUES ($1, $2, $3, $4)',
    tenant,
    squad.id,
    version,
    JSON.stringify({ ...squad, version, members } satisfies Squad),
  );
  return version;
}
