import type { Json } from '../kernel/json.ts';
import type { Usage } from './usage.ts';

export const workItemStatuses = [
  'pending',
  'ready',
  'blocked',
  'in_progress',
  'completed',
  'failed',
  'cancelled',
] as const;
export type WorkItemStatus = (typeof workItemStatuses)[number];

/** The only transitions a work item makes. */
export const workItemTransitions: Readonly<Record<WorkItemStatus, readonly WorkItemStatus[]>> = {
  pending: ['ready', 'blocked', 'cancelled'],
  blocked: ['ready', 'cancelled'],
  ready: ['in_progress', 'cancelled'],
  in_progress: ['completed', 'failed', 'cancelled'],
  failed: ['ready'],
  completed: [],
  cancelled: [],
};

/** A unit of work given to one member. Times are epoch milliseconds; a higher priority comes first. */
export interface WorkItem {
  readonly id: string;
  readonly title: string;
  readonly description: string | null;
  readonly status: WorkItemStatus;
  /** Why it failed or was cancelled. */
  readonly reason: string | null;
  readonly priority: number;
  readonly memberId: string | null;
  readonly convoyId: string | null;
  readonly executionId: string | null;
  /** The ask it stands for, when an execution owns it: then only metadata and priority can be changed from outside. */
  readonly stepKey: string | null;
  readonly context: Json;
  readonly metadata: Json;
  readonly artifacts: Json;
  readonly labels: readonly string[];
  readonly dependencies: readonly string[];
  /** Of the model calls made for it. */
  readonly usage: Usage;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A file that came out of the work on an item. */
export interface Artifact {
  /** In the workspace of the execution. */
  readonly path: string;
  readonly bytes: number;
  /** The step that left it. */
  readonly stepKey: string;
}

/** What a run does to an item of its own, in the commit of the step that does it. */
export type ItemChange =
  | {
      readonly change: 'begin';
      readonly id: string;
      readonly title: string;
      readonly memberId: string;
      readonly stepKey: string;
      /** Which model is asked, as `provider/model`; null where that is unknown. */
      readonly model: string | null;
    }
  | { readonly change: 'attach'; readonly id: string; readonly artifact: Artifact }
  | { readonly change: 'complete'; readonly id: string }
  | { readonly change: 'fail'; readonly id: string; readonly reason: string };
