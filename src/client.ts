export { chatTransport } from './client/chat-transport.ts';
export type { ChatTransportOptions, SquadraChatTransport } from './client/chat-transport.ts';
export { createClient } from './client/client.ts';
export type { Client } from './client/client.ts';
export type {
  Accepted,
  AcceptedConvoy,
  AgentPoolDocument,
  ApprovalDocument,
  ApprovalQuery,
  ApprovalReply,
  BudgetAddress,
  BudgetDocument,
  BudgetLimits,
  BudgetQuery,
  CacheDocument,
  ConvoyDocument,
  ConvoyQuery,
  ConvoySummary,
  CostDocument,
  CostQuery,
  ExecutionDocument,
  ExecutionQuery,
  ExecutionSummary,
  FilesDocument,
  Fork,
  Me,
  SignedIn,
  MemberDocument,
  MemberUpdate,
  MessageDocument,
  NewConvoy,
  NewMember,
  NewSchedule,
  NewSquad,
  NewWorkItem,
  PageDocument,
  PooledAgentDocument,
  RoleDocument,
  ScheduleDocument,
  ScheduleQuery,
  ScheduleSummary,
  SquadDocument,
  SquadUpdate,
  Submission,
  TemplateDocument,
  WorkItemCounts,
  WorkItemDocument,
  WorkItemQuery,
  WorkItemUpdate,
  WorkflowDocument,
} from './client/documents.ts';
export type {
  ConvoyMetricsDocument,
  ConvoyMetricsQuery,
  Metrics,
  ResourcesDocument,
  StatsDocument,
  SystemDocument,
} from './client/metrics.ts';
export type { StreamEvent, StreamOptions } from './client/event-stream.ts';
export type { Schedules } from './client/schedules.ts';
export { ProblemError } from './client/problem-error.ts';
export type { ProblemDocument } from './client/problem-error.ts';
export type {
  AgentPool,
  Approvals,
  Convoys,
  Budgets,
  Executions,
  PageQuery,
  Squads,
  SubmitOptions,
  Versioned,
  WorkItems,
} from './client/resources.ts';
export type { ClientOptions } from './client/transport.ts';
