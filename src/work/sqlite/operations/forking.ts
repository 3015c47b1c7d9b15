import type { DatabaseSync } from 'node:sqlite';
import type { Squad } from '../../../squads/squad.ts';
import type { HappeningSink } from '../../metrics/happening.ts';
import type { InheritedItem, SquadSnapshot } from '../../fork.ts';
import type { JournalColumns } from '../../rows/journal-row.ts';
import { prepare } from '../statements.ts';
import { appendRecordSql } from './append-record.ts';
import { submission } from './submission.ts';
import type { SubmitArguments } from './submission.ts';

/** A fork as it travels to the writer thread. */
export interface ForkArguments {
  readonly submission: SubmitArguments;
  readonly records: readonly JournalColumns[];
  readonly items: readonly InheritedItem[];
  readonly snapshot: SquadSnapshot | null;
}

/** Stores an execution together with what it takes over; returns the version of the squad that it has. */
export function forking(database: DatabaseSync, metrics: HappeningSink): (fork: ForkArguments) => number | null {
  const submit = submission(database, metrics);
  const append = prepare(database, appendRecordSql);
  const keep = keeping(database);
  const insertItem = prepare(
    database,
    `INSERT INTO work_items (id, tenant, status, version, priority, member_id, execution_id, step_key, created_at, updated_at, title, description, context,
      metadata, artifacts, labels, dependencies) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '[]', '[]')`,
  );

  return ({ submission: given, records, items, snapshot }) => {
    const [tenant, id, workflow, squadId, pinned, ...rest] = given;
    const at = given[12];
    const version = snapshot === null ? pinned : keep(tenant, snapshot);
    const { no } = submit([tenant, id, workflow, squadId, version, ...rest]);
    for (const columns of records) append.run(no, tenant, at, ...columns);
    for (const item of items) {
      const { status, priority, memberId, stepKey, title, description, context, metadata, artifacts } = item;
      const json = [context, metadata, artifacts].map((value) => JSON.stringify(value));
      insertItem.run(item.id, tenant, status, priority, memberId, id, stepKey, at, at, title, description, ...json);
    }
    return version;
  };
}

/** Stores a snapshot under the next version below zero, where the versions that a squad goes through never come. */
function keeping(database: DatabaseSync): (tenant: string, snapshot: SquadSnapshot) => number {
  const lowest = prepare(database, 'SELECT min(version) FROM squad_versions WHERE tenant = ? AND squad_id = ?');
  const insert = prepare(database, 'INSERT INTO squad_versions (tenant, squad_id, version, body) VALUES (?, ?, ?, ?)');
  return (tenant, { squad, changedMembers }) => {
    const version = Math.min(0, Number(lowest.first(tenant, squad.id)?.[0] ?? 0)) - 1;
    const changed = new Set(changedMembers);
    const members = squad.members.map((member) => (changed.has(member.id) ? { ...member, version } : member));
    insert.run(tenant, squad.id, version, JSON.stringify({ ...squad, version, members } satisfies Squad));
    return version;
  };
}
