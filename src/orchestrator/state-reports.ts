import type { AccessStore } from '../access/access-store.ts';
import type { SquadStore } from '../squads/squad-store.ts';
import type { ApprovalStore } from '../work/approval-store.ts';
import type { BudgetStore } from '../work/budget-store.ts';
import type { ConvoyReports } from '../work/convoy-store.ts';
import type { ExecutionReports } from '../work/execution-store.ts';
import type { ScheduleReports } from '../work/schedule-store.ts';
import type { SupervisionReports } from '../work/supervision.ts';
import type { UsageReports } from '../work/usage-report.ts';
import type { WorkItemStore } from '../work/work-item-store.ts';

/** The reading half of a state folder. */
export interface StateReports extends AsyncDisposable {
  readonly reports: ExecutionReports;
  readonly squads: Pick<SquadStore, 'find' | 'atVersion' | 'list'>;
  readonly workItems: Pick<WorkItemStore, 'get' | 'list' | 'statistics'>;
  readonly approvals: Pick<ApprovalStore, 'get' | 'list'>;
  readonly convoys: ConvoyReports;
  readonly usage: UsageReports;
  readonly supervision: SupervisionReports;
  readonly budgets: Pick<BudgetStore, 'get' | 'list'>;
  readonly schedules: ScheduleReports;
  readonly access: Pick<AccessStore, 'listKeys'>;
}
