import { randomUUID } from 'node:crypto';
import type { Clock } from '../../src/kernel/clock.ts';
import { createIds } from '../../src/kernel/id.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import type { AccessStore } from '../../src/access/access-store.ts';
import type { SquadStore } from '../../src/squads/squad-store.ts';
import type { Squad } from '../../src/squads/squad.ts';
import type { ApprovalStore } from '../../src/work/approval-store.ts';
import type { BudgetStore } from '../../src/work/budget-store.ts';
import type { ConvoyStore } from '../../src/work/convoy-store.ts';
import type { ExecutionReports, ExecutionStore, JournalSession, NewExecution } from '../../src/work/execution-store.ts';
import type { StatusRecord, StepRecord } from '../../src/work/journal.ts';
import { noUsage } from '../../src/work/usage.ts';
import type { ScheduleStore } from '../../src/work/schedule-store.ts';
import type { SupervisionReports } from '../../src/work/supervision.ts';
import type { UsageReports } from '../../src/work/usage-report.ts';
import type { WorkItem } from '../../src/work/work-item.ts';
import type { WorkItemStore } from '../../src/work/work-item-store.ts';

/** The stores of one adapter, open on one empty state. */
export interface ContractState extends AsyncDisposable {
  readonly executions: ExecutionStore;
  readonly reports: ExecutionReports;
  readonly usage: UsageReports;
  readonly supervision: SupervisionReports;
  readonly workItems: WorkItemStore;
  readonly squads: SquadStore;
  readonly approvals: ApprovalStore;
  readonly convoys: ConvoyStore;
  readonly budgets: BudgetStore;
  readonly schedules: ScheduleStore;
  readonly access: AccessStore;
}

/** Opens an adapter on an empty state of its own; disposing it removes the state. */
export type OpenState = (clock: Clock) => Promise<ContractState>;

/** Ids of tests: real ones, because adapters may count on their order. */
export const newId = createIds(systemClock);

/** Two tenants nobody else uses: a test's own, and one that must see nothing of it. */
export function twoTenants(): { readonly tenant: string; readonly foreign: string } {
  return { tenant: `tenant-${randomUUID()}`, foreign: `foreign-${randomUUID()}` };
}

export function newExecution(given: Partial<NewExecution> = {}): NewExecution {
  return {
    id: newId(),
    userId: null,
    workflow: 'feature',
    squadId: null,
    squadVersion: null,
    status: 'queued',
    priority: 0,
    input: '{"message":"Add a login page"}',
    isRequest: true,
    metadata: 'null',
    idempotency: null,
    createdAt: Date.UTC(2026, 0, 1),
    traceparent: null,
    budget: null,
    ...given,
  };
}

export function completedStep(key: string, given: Partial<StepRecord> = {}): StepRecord {
  return {
    kind: 'step',
    key,
    type: 'run',
    phase: 'completed',
    attempt: 1,
    inputHash: null,
    output: '"done"',
    error: null,
    dueAt: null,
    details: null,
    usage: null,
    ...given,
  };
}

export function status(name: StatusRecord['status'], given: Partial<StatusRecord> = {}): StatusRecord {
  return { kind: 'status', status: name, ...given };
}

export const someUsage = { ...noUsage, inputTokens: 10, outputTokens: 20, costMicroUsd: 300, modelCalls: 1 };

export function newItem(given: Partial<WorkItem> = {}): WorkItem {
  return {
    id: newId(),
    title: 'Write the login form',
    description: null,
    status: 'ready',
    reason: null,
    priority: 0,
    memberId: null,
    convoyId: null,
    executionId: null,
    stepKey: null,
    context: null,
    metadata: null,
    artifacts: null,
    labels: [],
    dependencies: [],
    usage: noUsage,
    version: 1,
    createdAt: Date.UTC(2026, 0, 1),
    updatedAt: Date.UTC(2026, 0, 1),
    ...given,
  };
}

export function newSquad(given: Partial<Squad> = {}): Squad {
  const id = newId();
  return {
    id,
    name: `squad-${id}`,
    description: null,
    members: [
      {
        id: newId(),
        name: 'Tester',
        role: 'tester',
        specialization: null,
        provider: null,
        model: null,
        temperature: 0.7,
        instructions: 'Be “strict” — 100 %\nalways',
        tools: [],
        version: 1,
      },
    ],
    version: 1,
    userId: null,
    createdAt: Date.UTC(2026, 0, 1),
    updatedAt: Date.UTC(2026, 0, 1),
    ...given,
  };
}

/** Submits an execution that is claimed at once. */
export async function running(
  state: ContractState,
  tenant: string,
  given: Partial<NewExecution> = {},
): Promise<{ readonly id: string; readonly session: JournalSession }> {
  const execution = newExecution({ status: 'running', ...given });
  const { session } = await state.executions.submit(tenant, execution);
  if (session === null) throw new Error('A submission as running gives a session.');
  return { id: execution.id, session };
}

/** Submits an execution and ends it with this status. */
export async function ended(
  state: ContractState,
  tenant: string,
  name: 'completed' | 'failed',
  given: Partial<NewExecution> = {},
): Promise<string> {
  const { id, session } = await running(state, tenant, given);
  const error = { name: 'Error', message: 'broken' };
  await session.commit({ records: [name === 'failed' ? status('failed', { error }) : status(name, { output: '1' })] });
  return id;
}
