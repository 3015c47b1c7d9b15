export type ApprovalStatus = 'pending' | 'answered' | 'expired' | 'cancelled';

/** A question a workflow asks a person. Times are epoch milliseconds. */
export interface Approval {
  readonly id: string;
  readonly executionId: string;
  readonly stepKey: string;
  readonly title: string;
  readonly details: string | null;
  readonly choices: readonly string[];
  readonly status: ApprovalStatus;
  readonly choice: string | null;
  readonly by: string | null;
  readonly comment: string | null;
  /** What was asked for in words. */
  readonly text: string | null;
  readonly createdAt: number;
  readonly answeredAt: number | null;
}

/** What a run asks; stored in the record of the waiting step. */
export interface ApprovalRequest {
  readonly id: string;
  readonly title: string;
  readonly details: string | null;
  readonly choices: readonly string[];
}

export interface ApprovalAnswer {
  readonly choice: string;
  readonly by: string;
  readonly comment?: string;
  /** The answer to a question that asks for words. */
  readonly text?: string;
}

/** What was answered, and the priority of the execution that it lets go on. */
export interface Answered {
  readonly approval: Approval;
  readonly priority: number;
}

/** The name under which an answer travels to the waiting step. */
export function approvalSignal(stepKey: string): string {
  return `approval:${stepKey}`;
}

/** A page request: newest first; `before` is the id after which the page begins. */
export interface ApprovalFilter {
  readonly status?: ApprovalStatus;
  readonly executionId?: string;
  readonly limit: number;
  readonly before?: string;
}

/** Questions to people, and their answers. Asking is part of a run's commit. */
export interface ApprovalStore {
  get(tenant: string, id: string): Promise<Approval | null>;
  /** Newest first. */
  list(tenant: string, filter: ApprovalFilter): Promise<readonly Approval[]>;
  /**
   * Leaves the answer for the waiting step; the caller wakes the execution. Throws `NOT_FOUND`, `ALREADY_ANSWERED`, or
   * `UNKNOWN_CHOICE` naming those offered. A command that has answered something in the same execution answers that only.
   */
  answer(tenant: string, id: string, answer: ApprovalAnswer, commandId?: string): Promise<Answered>;
}
