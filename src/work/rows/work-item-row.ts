import { decodeJson } from '../../kernel/json.ts';
import { workItemStatuses } from '../work-item.ts';
import type { WorkItem, WorkItemStatus } from '../work-item.ts';
import type { WorkItemPatch, WorkItemStatistics } from '../work-item-store.ts';
import { text, textOrNull, whole } from './columns.ts';
import type { Row } from './row.ts';
import { usageAt } from './usage-columns.ts';
import { noUsage } from '../usage.ts';

/** The columns of a work item in the order of `workItemOf`, but for the last: its usage as a list in JSON, null without any. */
export const workItemColumnNames = `id, title, description, status, reason, priority, member_id, convoy_id, execution_id, step_key,
  context, metadata, artifacts, labels, dependencies, version, created_at, updated_at`;

/** Most items have none of these: not decoded, not encoded. */
const nothing = 'null';
const noNames = '[]';

const json = (value: unknown) => (value === nothing ? null : decodeJson(text(value)));
const names = (value: unknown): readonly string[] => (value === noNames ? [] : (JSON.parse(text(value)) as string[]));
const namesText = (value: readonly string[]): string => (value.length === 0 ? noNames : JSON.stringify(value));

/** Maps a row of `workItemColumnNames`. The casts are safe because only this adapter writes the columns. */
export function workItemOf(row: Row): WorkItem {
  return {
    id: text(row[0]),
    title: text(row[1]),
    description: textOrNull(row[2]),
    status: row[3] as WorkItemStatus,
    reason: textOrNull(row[4]),
    priority: whole(row[5]),
    memberId: textOrNull(row[6]),
    convoyId: textOrNull(row[7]),
    executionId: textOrNull(row[8]),
    stepKey: textOrNull(row[9]),
    context: json(row[10]),
    metadata: json(row[11]),
    artifacts: json(row[12]),
    labels: names(row[13]),
    dependencies: names(row[14]),
    version: whole(row[15]),
    createdAt: whole(row[16]),
    updatedAt: whole(row[17]),
    // An array of numbers, as the adapters put them.
    usage: row[18] === null ? noUsage : usageAt(JSON.parse(text(row[18])) as number[], 0),
  };
}

/** A new item as it travels to the writer thread: the columns of `workItemColumnNames` without version, `updated_at` and usage. */
export type NewWorkItemColumns = readonly [
  id: string,
  title: string,
  description: string | null,
  status: WorkItemStatus,
  reason: string | null,
  priority: number,
  memberId: string | null,
  convoyId: string | null,
  executionId: string | null,
  stepKey: string | null,
  context: string,
  metadata: string,
  artifacts: string,
  labels: string,
  dependencies: string,
  createdAt: number,
];

export function newWorkItemColumns(item: WorkItem): NewWorkItemColumns {
  return [
    item.id,
    item.title,
    item.description,
    item.status,
    item.reason,
    item.priority,
    item.memberId,
    item.convoyId,
    item.executionId,
    item.stepKey,
    JSON.stringify(item.context),
    JSON.stringify(item.metadata),
    JSON.stringify(item.artifacts),
    namesText(item.labels),
    namesText(item.dependencies),
    item.createdAt,
  ];
}

/** The columns a patch may set. The order is that of the statement. */
export type PatchedColumn =
  | 'title'
  | 'description'
  | 'status'
  | 'reason'
  | 'priority'
  | 'member_id'
  | 'context'
  | 'metadata'
  | 'artifacts'
  | 'labels'
  | 'dependencies';

/** Columns and their new values, as they travel to the writer thread. */
export type WorkItemPatchColumns = readonly (readonly [column: PatchedColumn, value: string | number | null])[];

export function workItemPatchColumns(patch: WorkItemPatch): WorkItemPatchColumns {
  const columns: (readonly [PatchedColumn, string | number | null])[] = [];
  if (patch.title !== undefined) columns.push(['title', patch.title]);
  if (patch.description !== undefined) columns.push(['description', patch.description]);
  if (patch.status !== undefined) columns.push(['status', patch.status]);
  if (patch.reason !== undefined) columns.push(['reason', patch.reason]);
  if (patch.priority !== undefined) columns.push(['priority', patch.priority]);
  if (patch.memberId !== undefined) columns.push(['member_id', patch.memberId]);
  if (patch.context !== undefined) columns.push(['context', JSON.stringify(patch.context)]);
  if (patch.metadata !== undefined) columns.push(['metadata', JSON.stringify(patch.metadata)]);
  if (patch.artifacts !== undefined) columns.push(['artifacts', JSON.stringify(patch.artifacts)]);
  if (patch.labels !== undefined) columns.push(['labels', namesText(patch.labels)]);
  if (patch.dependencies !== undefined) columns.push(['dependencies', namesText(patch.dependencies)]);
  return columns;
}

/** How many items are in which status, and of which member: out of rows of status, member and count. */
export function countedItems(rows: readonly Row[]): WorkItemStatistics {
  // Every status has its count, also those that no item is in.
  const none = workItemStatuses.map((status) => [status, 0] as const);
  const byStatus = Object.fromEntries(none) as Record<WorkItemStatus, number>;
  const byMember: Record<string, number> = {};
  let total = 0;
  for (const [status, memberId, count] of rows) {
    total += Number(count);
    byStatus[status as WorkItemStatus] += Number(count);
    if (typeof memberId === 'string') byMember[memberId] = (byMember[memberId] ?? 0) + Number(count);
  }
  return { total, byStatus, byMember };
}
