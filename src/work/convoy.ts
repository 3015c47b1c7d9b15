import type { WorkItemStatus } from './work-item.ts';

export const convoyStatuses = ['running', 'completed', 'partial', 'failed', 'cancelled'] as const;
export type ConvoyStatus = (typeof convoyStatuses)[number];

/** What a convoy says of its parallelism itself, over the settings; thresholds in percent. */
export interface ConvoyLimits {
  readonly baselineParallelism?: number;
  readonly maxParallelism?: number;
  readonly cpuThreshold?: number;
  readonly memoryThreshold?: number;
}

/** Work items that run side by side as a dependency graph. Times are epoch milliseconds. */
export interface Convoy {
  readonly id: string;
  /** The user it was made for; null where none signed in. */
  readonly userId: string | null;
  /** The squad as it was when the convoy was made. */
  readonly squadId: string;
  readonly squadVersion: number;
  readonly status: ConvoyStatus;
  /** Moves with every change of status. */
  readonly version: number;
  readonly parallelism: 'auto' | number;
  readonly limits: ConvoyLimits;
  readonly stopOnFirstFailure: boolean;
  readonly timeoutMs: number | null;
  readonly deadlineAt: number | null;
  /** Why it is not completed: names the items it is about. */
  readonly reason: string | null;
  /** The execution and the step that made it; null where nobody waits for it inside. */
  readonly parent: { readonly executionId: string; readonly stepKey: string } | null;
  readonly createdAt: number;
  readonly endedAt: number | null;
}

/** A convoy with how many of its items are in each status. */
export interface CountedConvoy extends Convoy {
  readonly counts: Readonly<Record<WorkItemStatus, number>>;
}

/** An item as a convoy moves it: the work item without what was said in it. */
export interface ConvoyItem {
  readonly id: string;
  /** Its name in the convoy. */
  readonly key: string;
  readonly memberId: string;
  readonly status: WorkItemStatus;
  readonly reason: string | null;
  readonly priority: number;
  /** Ids of items of the convoy. */
  readonly dependencies: readonly string[];
  /** The child that does it; null while none was started. */
  readonly executionId: string | null;
  /** When its child first ran; null before that. */
  readonly startedAt: number | null;
  /** When its child ended for the last time; null while it is open, and for an item that never began. */
  readonly endedAt: number | null;
  readonly updatedAt: number;
}

/** An item of a new convoy. */
export interface NewConvoyItem extends Pick<ConvoyItem, 'id' | 'key' | 'memberId' | 'priority' | 'dependencies'> {
  readonly title: string;
  readonly message: string;
}

/** The signal by which the end of a convoy reaches the execution that made it. */
export function convoySignal(convoyId: string): string {
  return `convoy:${convoyId}`;
}
