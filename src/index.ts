export { openSquadra } from './compose.ts';
export type { McpAddress, McpCommand, McpOptions } from './config/mcp-servers.ts';
export type { PriceOptions } from './config/prices.ts';
export type { SettingOptions } from './config/settings.ts';
export type { Duration } from './kernel/duration.ts';
export { NonRetryableError, SquadraError } from './kernel/errors.ts';
export type { ErrorCode } from './kernel/errors.ts';
export type { Failure } from './kernel/failure.ts';
export type { Json } from './kernel/json.ts';
export type { ApprovalListFilter, Approvals } from './orchestrator/approvals.ts';
export type { BudgetListFilter, Budgets } from './orchestrator/budgets.ts';
export type { EventOptions, SquadraEvent } from './orchestrator/events.ts';
export type { ListFilter } from './orchestrator/execution-list.ts';
export type { ExecutionDescription } from './orchestrator/execution-reading.ts';
export type { ForkRequest } from './orchestrator/forks.ts';
export type { Page } from './orchestrator/page.ts';
export type { Run } from './orchestrator/run-handle.ts';
export type { Squadra, Squads } from './orchestrator/squadra.ts';
export type { SquadraStatistics } from './orchestrator/squadra-statistics.ts';
export type { SquadraOptions } from './orchestrator/squadra-options.ts';
export type { SubmitRequest } from './orchestrator/submissions.ts';
export type { UsageLine, UsageOptions, UsageReport } from './orchestrator/usage-report.ts';
export type { ConvoyDescription, ConvoyListFilter, Convoys } from './orchestrator/convoys/convoys.ts';
export type { ScheduleListFilter, Schedules } from './orchestrator/schedules/schedules.ts';
export type { Resources, TenantMetrics } from './orchestrator/metrics/metrics.ts';
export type { Stats, StatsMinute } from './orchestrator/metrics/stats.ts';
export type { SystemFigures } from './orchestrator/metrics/system.ts';
export type { WorkItemInput, WorkItems } from './orchestrator/work-items.ts';
export type { MemberOverrides } from './squads/override-members.ts';
export type { MemberOverride, SquadChange } from './squads/squad-input.ts';
export type { Member, MemberInput, Squad, SquadInput } from './squads/squad.ts';
export type { Approval, ApprovalAnswer, ApprovalStatus } from './work/approval-store.ts';
export type {
  Amount,
  Budget,
  BudgetKey,
  BudgetOptions,
  BudgetPeriod,
  BudgetReaction,
  BudgetScope,
} from './work/budget.ts';
export type { Execution, ExecutionStatus } from './work/execution.ts';
export type { Changed, Outcome } from './work/execution-store.ts';
export type { Journaled, JournalRecord, MessageRecord, StatusRecord, StepRecord } from './work/journal.ts';
export type { UsageGrouping } from './work/usage-report.ts';
export type { Usage } from './work/usage.ts';
export type { Convoy, ConvoyItem, ConvoyLimits, ConvoyStatus, CountedConvoy } from './work/convoy.ts';
export type {
  ConvoyItemInput,
  ConvoyItemResult,
  ConvoyOptions,
  ConvoyRequest,
  ConvoyResult,
} from './work/convoy-request.ts';
export type {
  MissedRule,
  OverlapRule,
  Rhythm,
  Schedule,
  ScheduleRequest,
  ScheduleStatus,
  TickCounts,
} from './work/schedule.ts';
export type { ConvoyFigures } from './work/metrics/convoy-course.ts';
export type { WorkItem, WorkItemStatus } from './work/work-item.ts';
export type { WorkItemFilter, WorkItemPatch, WorkItemStatistics } from './work/work-item-store.ts';
export type { Answer, AskOptions } from './workflows/asker.ts';
export type { SquadApi } from './workflows/squad-api.ts';
export type {
  ApprovalOptions,
  ApprovalResult,
  StepApi,
  StepAttempt,
  StepOptions,
  WaitResult,
} from './workflows/step-api.ts';
export { defineTool } from './workflows/tool.ts';
export type { AnyTool, InDoubtPolicy, JsonSchema, Tool, ToolContext, ToolDefinition } from './workflows/tool.ts';
export { defineWorkflow } from './workflows/workflow.ts';
export type { AnyWorkflow, Workflow, WorkflowContext, WorkflowDefinition } from './workflows/workflow.ts';
