import type { SquadStore } from '../squads/squad-store.ts';
import type { Execution, ExecutionStatus } from '../work/execution.ts';
import type { ExecutionReports } from '../work/execution-store.ts';
import { rehearse } from '../workflows/rehearsal.ts';
import type { RunServices } from '../workflows/run-services.ts';
import { allRecords } from './journal-pages.ts';
import type { WorkflowRegistry } from './workflow-registry.ts';

/** One thing about an execution that does not fit the code of today. */
export type Finding =
  | { readonly kind: 'unknown-workflow' }
  /** A recorded step that the code no longer comes to; `next` are the new ones that would run instead. */
  | { readonly kind: 'gone'; readonly step: string; readonly next: readonly string[] }
  /** A recorded step that is given something else; its recorded result stands. */
  | { readonly kind: 'changed'; readonly step: string }
  /** The code fails before it comes to new work. */
  | { readonly kind: 'fails'; readonly message: string };

/** What was found about one execution; nothing when it fits. */
export interface CheckedExecution {
  readonly id: string;
  readonly workflow: string;
  readonly status: ExecutionStatus;
  readonly findings: readonly Finding[];
}

export interface CheckParts {
  readonly reports: ExecutionReports;
  readonly squads: Pick<SquadStore, 'atVersion'>;
  readonly workflows: WorkflowRegistry;
  readonly services: Pick<RunServices, 'clock' | 'limits' | 'random' | 'asker'>;
}

/** A failed one is checked too: a retry would replay it. */
const checkedStatuses = ['queued', 'running', 'waiting', 'failed'] as const;
const pageSize = 200;

/** Replays everything in flight against the workflows there are, one after the other, without doing anything. */
export async function* checkExecutions(
  parts: CheckParts,
  tenant: string,
): AsyncGenerator<CheckedExecution, void, void> {
  for (const status of checkedStatuses) {
    let before: string | undefined;
    for (;;) {
      const page = await parts.reports.list(tenant, {
        status,
        limit: pageSize,
        ...(before === undefined ? {} : { before }),
      });
      for (const execution of page) yield await checkOne(parts, tenant, execution);
      before = page.at(-1)?.id;
      if (page.length < pageSize) break;
    }
  }
}

async function checkOne(parts: CheckParts, tenant: string, execution: Execution): Promise<CheckedExecution> {
  const { id, workflow, status } = execution;
  return { id, workflow, status, findings: await findingsOf(parts, tenant, execution) };
}

async function findingsOf(parts: CheckParts, tenant: string, execution: Execution): Promise<readonly Finding[]> {
  const workflow = parts.workflows.find(execution.workflow);
  if (workflow === null) return [{ kind: 'unknown-workflow' }];
  const { squadId, squadVersion } = execution;
  const squad =
    squadId === null || squadVersion === null ? null : await parts.squads.atVersion(tenant, squadId, squadVersion);
  const records = await allRecords(parts.reports, tenant, execution.id);
  const { gone, changed, next, failure } = await rehearse(
    { execution, records, signals: [] },
    workflow,
    squad,
    parts.services,
  );
  return [
    ...gone.map((step) => ({ kind: 'gone', step, next }) as const),
    ...changed.map((step) => ({ kind: 'changed', step }) as const),
    ...(failure === null ? [] : [{ kind: 'fails', message: failure.message } as const]),
  ];
}
