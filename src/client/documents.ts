import type { z } from 'zod';
import type { approvalBody, approvalListQuery, approvalSchema } from '../http/schemas/approval.ts';
import type { meSchema, roleSchema, templateSchema, workflowSchema } from '../http/schemas/catalogue.ts';
import type {
  acceptedSchema,
  executionListQuery,
  executionSchema,
  executionSummarySchema,
  submissionBody,
} from '../http/schemas/execution.ts';
import type { memberChangeBody, memberSchema, newMemberBody } from '../http/schemas/member.ts';
import type { messageSchema } from '../http/schemas/message.ts';
import type { newSquadBody, squadChangeBody, squadSchema } from '../http/schemas/squad.ts';
import type {
  newWorkItemBody,
  workItemChangeBody,
  workItemListQuery,
  workItemSchema,
  workItemStatisticsSchema,
} from '../http/schemas/work-item.ts';

// The server's own schemas, as types: what is sent and answered cannot differ from what the client says. Times are ISO 8601.

export type Submission = z.input<typeof submissionBody>;
export type Accepted = z.output<typeof acceptedSchema>;
export type ExecutionSummary = z.output<typeof executionSummarySchema>;
export type ExecutionDocument = z.output<typeof executionSchema>;
export type ExecutionQuery = z.output<typeof executionListQuery>;
export type MessageDocument = z.output<typeof messageSchema>;
export type NewSquad = z.input<typeof newSquadBody>;
export type SquadUpdate = z.input<typeof squadChangeBody>;
export type SquadDocument = z.output<typeof squadSchema>;
export type NewMember = z.input<typeof newMemberBody>;
export type MemberUpdate = z.input<typeof memberChangeBody>;
export type MemberDocument = z.output<typeof memberSchema>;
export type ApprovalDocument = z.output<typeof approvalSchema>;
export type ApprovalQuery = z.output<typeof approvalListQuery>;
export type ApprovalReply = z.input<typeof approvalBody>;
export type NewWorkItem = z.input<typeof newWorkItemBody>;
export type WorkItemUpdate = z.input<typeof workItemChangeBody>;
export type WorkItemQuery = z.output<typeof workItemListQuery>;
export type WorkItemDocument = z.output<typeof workItemSchema>;
export type WorkItemCounts = z.output<typeof workItemStatisticsSchema>;
export type RoleDocument = z.output<typeof roleSchema>;
export type TemplateDocument = z.output<typeof templateSchema>;
export type WorkflowDocument = z.output<typeof workflowSchema>;
export type Me = z.output<typeof meSchema>;

/** A page of a list; `nextCursor` is null at its end. */
export interface PageDocument<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}
