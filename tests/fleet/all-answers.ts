import type { AccessStore } from '../../src/access/access-store.ts';
import type { SquadStore } from '../../src/squads/squad-store.ts';
import type { ApprovalStore } from '../../src/work/approval-store.ts';
import type { BudgetStore } from '../../src/work/budget-store.ts';
import type { ConvoyReports } from '../../src/work/convoy-store.ts';
import type { ExecutionReports } from '../../src/work/execution-store.ts';
import type { ScheduleReports } from '../../src/work/schedule-store.ts';
import type { SupervisionReports } from '../../src/work/supervision.ts';
import { usageGroupings } from '../../src/work/usage-report.ts';
import type { UsageReports } from '../../src/work/usage-report.ts';
import type { WorkItemStore } from '../../src/work/work-item-store.ts';

/** The reading half of a state, whatever it lies in. */
export interface ReadablePorts {
  readonly reports: ExecutionReports;
  readonly usage: UsageReports;
  readonly supervision: SupervisionReports;
  readonly squads: Pick<SquadStore, 'list' | 'find' | 'atVersion'>;
  readonly workItems: Pick<WorkItemStore, 'get' | 'list' | 'statistics'>;
  readonly approvals: Pick<ApprovalStore, 'list'>;
  readonly convoys: ConvoyReports;
  readonly budgets: Pick<BudgetStore, 'list'>;
  readonly schedules: ScheduleReports;
  readonly access: Pick<AccessStore, 'listKeys' | 'hasKeys'>;
}

const limit = 1_000;
const afterEverything = Date.UTC(2100, 0, 1);

/** Everything that the ports of a state answer about a tenant, by what was asked. */
export async function allAnswers(ports: ReadablePorts, tenant: string): Promise<Record<string, unknown>> {
  const { reports, usage, supervision, squads, workItems, approvals, convoys, budgets, schedules, access } = ports;
  const executions = await reports.list(tenant, { limit });
  const { events } = await reports.feed(tenant, { after: null, limit });
  const answers: Record<string, unknown> = {
    executions,
    counts: await reports.counts(),
    open: await reports.open('', limit),
    // In the order of each execution: between them a move keeps none.
    feed: Object.groupBy(
      events.map(({ executionId, record }) => ({ executionId, record })),
      ({ executionId }) => executionId,
    ),
    activity: await supervision.activity(tenant, 0),
    failed: await supervision.failed(tenant, 0, limit),
    squads: await squads.list(tenant, { limit }),
    workItems: await workItems.list(tenant, { limit }),
    workItemCounts: await workItems.statistics(tenant),
    approvals: await approvals.list(tenant, { limit }),
    budgets: await budgets.list(tenant, { limit }),
    schedules: await schedules.list(tenant, { limit }),
    activeSchedules: await schedules.active('', limit),
    keys: await access.listKeys(tenant),
    hasKeys: await access.hasKeys(),
    openConvoys: await convoys.open(),
    usageOfExecutions: await usage.executions(tenant, { limit }),
  };
  for (const { id } of executions) {
    answers[`execution ${id}`] = await reports.get(tenant, id);
    answers[`records ${id}`] = await reports.records(tenant, id, 0, limit);
    answers[`messages ${id}`] = await reports.messages(tenant, id, 0, limit);
  }
  for (const are of ['queued', 'running', 'waiting', 'due'] as const)
    answers[`quiet, ${are}`] = await supervision.quiet(tenant, { are, before: afterEverything, limit });
  for (const groupBy of [null, ...usageGroupings])
    answers[`usage by ${groupBy}`] = await usage.usage(tenant, { groupBy });
  for (const { id, name, version } of await squads.list(tenant, { limit })) {
    answers[`squad ${name}`] = await squads.find(tenant, name);
    answers[`squad ${id} as it was`] = await squads.atVersion(tenant, id, version);
  }
  for (const { id } of await convoys.list(tenant, { limit })) {
    answers[`convoy ${id}`] = await convoys.get(tenant, id);
    answers[`items ${id}`] = await convoys.items(tenant, id);
    answers[`convoy usage ${id}`] = await convoys.usage(tenant, id);
    answers[`results ${id}`] = await convoys.results(tenant, id);
  }
  return answers;
}
