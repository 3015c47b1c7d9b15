import type { Activity, FailedExecution, QuietExecution } from '../supervision.ts';
import type { ExecutionUsage, UsageGroup } from '../usage-report.ts';
import { text, textOrNull, whole, wholeOrNull } from './columns.ts';
import type { Row } from './row.ts';
import { usageAt } from './usage-columns.ts';

/** A row of key, squad, version of the squad, number of executions, and the columns of a usage. */
function usageGroupOf(row: Row): UsageGroup {
  const squadId = textOrNull(row[1]);
  const version = wholeOrNull(row[2]);
  return {
    key: textOrNull(row[0]),
    squad: squadId === null || version === null ? null : { id: squadId, version },
    executions: whole(row[3]),
    usage: usageAt(row, 4),
  };
}

/** The dearest first; equal costs come in the same order every time. */
export function usageGroupsOf(rows: readonly Row[]): readonly UsageGroup[] {
  const byKey = (a: UsageGroup, b: UsageGroup): number => ((a.key ?? '') < (b.key ?? '') ? -1 : 1);
  return rows.map(usageGroupOf).sort((a, b) => b.usage.costMicroUsd - a.usage.costMicroUsd || byKey(a, b));
}

/** A row of id, workflow, request, and the columns of a usage. */
export function executionUsageOf(row: Row): ExecutionUsage {
  return { id: text(row[0]), workflow: text(row[1]), request: textOrNull(row[2]), usage: usageAt(row, 3) };
}

/** Rows of a status and how many there are: of those that are open, and of those that ended since a time. */
export function activityOf(openRows: readonly Row[], endedRows: readonly Row[], since: number): Activity {
  const open = countsOf(openRows);
  const ended = countsOf(endedRows);
  const [created, queued, running] = [open('created'), open('queued'), open('running')];
  return {
    open: { created, queued, running, waiting: open('waiting'), failed: open('failed') },
    ended: { completed: ended('completed'), failed: ended('failed'), cancelled: ended('cancelled') },
    since,
  };
}

/** A row of id, workflow, squad, creation, last record and wake. */
export function quietExecutionOf([id, workflow, squadId, createdAt, lastAt, wakeAt]: Row): QuietExecution {
  return {
    id: text(id),
    workflow: text(workflow),
    squadId: textOrNull(squadId),
    createdAt: whole(createdAt),
    lastAt: whole(lastAt),
    wakeAt: wholeOrNull(wakeAt),
  };
}

/** A row of id, workflow, end and reason. */
export function failedExecutionOf([id, workflow, endedAt, reason]: Row): FailedExecution {
  return { id: text(id), workflow: text(workflow), endedAt: whole(endedAt), reason: textOrNull(reason) };
}

function countsOf(rows: readonly Row[]): (status: string) => number {
  const counts = new Map(rows.map(([status, count]) => [text(status), whole(count)]));
  return (status) => counts.get(status) ?? 0;
}
