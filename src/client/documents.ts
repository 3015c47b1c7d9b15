import type {
  acceptedConvoySchema,
  convoyListQuery,
  convoySchema,
  convoySummarySchema,
  newConvoyBody,
} from '../http/schemas/convoy.ts';
import type { z } from 'zod';
import type { agentPoolSchema, pooledAgentSchema } from '../http/schemas/agent-pool.ts';
import type { cacheSchema } from '../http/schemas/cache.ts';
import type { approvalBody, approvalListQuery, approvalSchema } from '../http/schemas/approval.ts';
import type { budgetBody, budgetListQuery, budgetParams, budgetSchema } from '../http/schemas/budget.ts';
import type { costQuery, costReportSchema } from '../http/schemas/cost.ts';
import type { filesSchema } from '../http/schemas/execution-file.ts';
import type { signedInSchema } from '../http/schemas/session.ts';
import type { meSchema, roleSchema, templateSchema, workflowSchema } from '../http/schemas/catalogue.ts';
import type {
  acceptedSchema,
  executionListQuery,
  executionSchema,
  executionSummarySchema,
  forkBody,
  submissionBody,
} from '../http/schemas/execution.ts';
import type { memberChangeBody, memberSchema, newMemberBody } from '../http/schemas/member.ts';
import type { messageSchema } from '../http/schemas/message.ts';
import type {
  newScheduleBody,
  scheduleListQuery,
  scheduleSchema,
  scheduleSummarySchema,
} from '../http/schemas/schedule.ts';
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
export type Fork = z.input<typeof forkBody>;
export type FilesDocument = z.output<typeof filesSchema>;
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
export type BudgetDocument = z.output<typeof budgetSchema>;
export type BudgetQuery = z.output<typeof budgetListQuery>;
/** Which budget: `{ scope: 'squad', id: 'software', period: 'month' }`. */
export type BudgetAddress = z.output<typeof budgetParams>;
export type BudgetLimits = z.input<typeof budgetBody>;
export type AgentPoolDocument = z.output<typeof agentPoolSchema>;
export type PooledAgentDocument = z.output<typeof pooledAgentSchema>;
export type CacheDocument = z.output<typeof cacheSchema>;
export type CostDocument = z.output<typeof costReportSchema>;
export type CostQuery = Partial<z.output<typeof costQuery>>;
export type NewSchedule = z.input<typeof newScheduleBody>;
export type ScheduleSummary = z.output<typeof scheduleSummarySchema>;
export type ScheduleDocument = z.output<typeof scheduleSchema>;
export type ScheduleQuery = z.output<typeof scheduleListQuery>;
export type NewConvoy = z.input<typeof newConvoyBody>;
export type AcceptedConvoy = z.output<typeof acceptedConvoySchema>;
export type ConvoySummary = z.output<typeof convoySummarySchema>;
export type ConvoyDocument = z.output<typeof convoySchema>;
export type ConvoyQuery = z.output<typeof convoyListQuery>;
export type NewWorkItem = z.input<typeof newWorkItemBody>;
export type WorkItemUpdate = z.input<typeof workItemChangeBody>;
export type WorkItemQuery = z.output<typeof workItemListQuery>;
export type WorkItemDocument = z.output<typeof workItemSchema>;
export type WorkItemCounts = z.output<typeof workItemStatisticsSchema>;
export type RoleDocument = z.output<typeof roleSchema>;
export type TemplateDocument = z.output<typeof templateSchema>;
export type WorkflowDocument = z.output<typeof workflowSchema>;
export type Me = z.output<typeof meSchema>;
export type SignedIn = z.output<typeof signedInSchema>;

/** A page of a list; `nextCursor` is null at its end. */
export interface PageDocument<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}
