import type { Convoy, ConvoyItem, ConvoyLimits, ConvoyStatus, CountedConvoy, NewConvoyItem } from '../convoy.ts';
import { workItemStatuses } from '../work-item.ts';
import type { WorkItemStatus } from '../work-item.ts';
import { text, textOrNull, whole, wholeOrNull } from './columns.ts';
import type { Row } from './row.ts';

/** The columns of a convoy in the order of `convoyOf`; `parallelism` is null for auto. */
export const convoyColumnNames = `id, user_id, squad_id, squad_version, status, version, parallelism, limits, stop_on_first_failure, timeout_ms, deadline_at,
  reason, parent_id, parent_key, created_at, ended_at`;

/** Maps a row of `convoyColumnNames`. The casts are safe because only this adapter writes the columns. */
export function convoyOf(row: Row): Convoy {
  const [parentId, parentKey] = [textOrNull(row[12]), textOrNull(row[13])];
  return {
    id: text(row[0]),
    userId: textOrNull(row[1]),
    squadId: text(row[2]),
    squadVersion: whole(row[3]),
    status: row[4] as ConvoyStatus,
    version: whole(row[5]),
    parallelism: wholeOrNull(row[6]) ?? 'auto',
    limits: JSON.parse(text(row[7])) as ConvoyLimits,
    stopOnFirstFailure: row[8] === 1,
    timeoutMs: wholeOrNull(row[9]),
    deadlineAt: wholeOrNull(row[10]),
    reason: textOrNull(row[11]),
    parent: parentId === null || parentKey === null ? null : { executionId: parentId, stepKey: parentKey },
    createdAt: whole(row[14]),
    endedAt: wholeOrNull(row[15]),
  };
}

/** How many items of which convoy are in which status: a row of `convoyCounts`. */
export function withCounts(convoys: readonly Convoy[], rows: readonly Row[]): CountedConvoy[] {
  const none = Object.fromEntries(workItemStatuses.map((status) => [status, 0])) as Record<WorkItemStatus, number>;
  const byId = new Map(convoys.map((convoy) => [convoy.id, { ...convoy, counts: { ...none } }]));
  for (const [id, status, count] of rows) {
    const convoy = byId.get(text(id));
    if (convoy !== undefined) convoy.counts[status as WorkItemStatus] = whole(count);
  }
  return [...byId.values()];
}

/** A new convoy as it travels to the writer thread: the columns of `convoyColumnNames`. */
export type NewConvoyColumns = readonly (string | number | null)[];

export function newConvoyColumns(convoy: Convoy): NewConvoyColumns {
  return [
    convoy.id,
    convoy.userId,
    convoy.squadId,
    convoy.squadVersion,
    convoy.status,
    convoy.version,
    convoy.parallelism === 'auto' ? null : convoy.parallelism,
    JSON.stringify(convoy.limits),
    convoy.stopOnFirstFailure ? 1 : 0,
    convoy.timeoutMs,
    convoy.deadlineAt,
    convoy.reason,
    convoy.parent?.executionId ?? null,
    convoy.parent?.stepKey ?? null,
    convoy.createdAt,
    convoy.endedAt,
  ];
}

/** A new item as it travels to the writer thread. */
export type NewConvoyItemColumns = readonly [
  id: string,
  key: string,
  memberId: string,
  title: string,
  message: string,
  priority: number,
  dependencies: readonly string[],
];

export function newConvoyItemColumns(item: NewConvoyItem): NewConvoyItemColumns {
  return [item.id, item.key, item.memberId, item.title, item.message, item.priority, item.dependencies];
}

/** The columns of an item of a convoy in the order of `convoyItemOf`, of `work_items` and of its child in `executions`. */
export const convoyItemColumnNames = `work_items.id, item_key, member_id, work_items.status, work_items.reason, work_items.priority, dependencies, execution_id,
  executions.started_at, executions.ended_at, work_items.updated_at`;

export function convoyItemOf(row: Row): ConvoyItem {
  return {
    id: text(row[0]),
    key: text(row[1]),
    memberId: text(row[2]),
    status: row[3] as WorkItemStatus,
    reason: textOrNull(row[4]),
    priority: whole(row[5]),
    dependencies: JSON.parse(text(row[6])) as string[],
    executionId: textOrNull(row[7]),
    startedAt: wholeOrNull(row[8]),
    endedAt: wholeOrNull(row[9]),
    updatedAt: whole(row[10]),
  };
}
