import { SquadraError } from '../kernel/errors.ts';
import { isId } from '../kernel/id.ts';
import type { Execution, ExecutionStatus } from '../work/execution.ts';
import type { ExecutionReports } from '../work/execution-store.ts';
import { contentLength } from './content-length.ts';
import { byId, readPageBy } from './page.ts';
import type { Page, PageFormat } from './page.ts';
import type { SquadDirectory } from './squad-directory.ts';
import type { WorkflowRegistry } from './workflow-registry.ts';

/** What a list of executions can be narrowed to. `squad` takes an id or a name; `limit` is 1 to 200, 50 where nothing is said. */
export interface ListFilter {
  readonly status?: ExecutionStatus;
  readonly squad?: string;
  readonly workflow?: string;
  /** Id of the schedule that made them. */
  readonly schedule?: string;
  readonly createdAfter?: Date;
  readonly cursor?: string;
  readonly limit?: number;
}

export interface ExecutionListParts {
  readonly reports: Pick<ExecutionReports, 'list'>;
  readonly directory: Pick<SquadDirectory, 'seek'>;
  readonly workflows: WorkflowRegistry;
}

const newestFirst: PageFormat<Execution, string> = {
  ...byId,
  lengthOf: ({ input, output, error, metadata }) => contentLength(input, output, error, metadata),
};

/** Newest first. Throws `UNKNOWN_SQUAD`, `UNKNOWN_WORKFLOW`, `INVALID_INPUT` or `INVALID_CURSOR`. */
export async function listExecutions(
  { reports, directory, workflows }: ExecutionListParts,
  tenant: string,
  { status, squad, workflow, schedule, createdAfter, ...place }: ListFilter,
): Promise<Page<Execution>> {
  const wanted = squad === undefined ? null : await directory.seek(tenant, squad);
  const squadId = wanted?.id ?? squad;
  const page = await readPageBy(newestFirst, place, async (limit, before) => {
    // A name that is no id names nothing: a template before its first use, or a mistake that is told below.
    if (squadId !== undefined && !isId(squadId)) return [];
    return reports.list(tenant, {
      ...(status === undefined ? {} : { status }),
      ...(squadId === undefined ? {} : { squadId }),
      ...(workflow === undefined ? {} : { workflow }),
      ...(schedule === undefined ? {} : { scheduleId: schedule }),
      ...(createdAfter === undefined ? {} : { createdAfter: createdAfter.getTime() }),
      ...(before === undefined ? {} : { before }),
      limit,
    });
  });
  // What was removed since may have left executions behind. What nothing bears and nothing bore is a mistake.
  if (page.items.length > 0 || place.cursor !== undefined) return page;
  if (wanted !== null && !wanted.isKnown) throw unknown('UNKNOWN_SQUAD', 'squad', squad);
  if (workflow !== undefined && workflows.find(workflow) === null)
    throw unknown('UNKNOWN_WORKFLOW', 'workflow', workflow);
  return page;
}

function unknown(code: 'UNKNOWN_SQUAD' | 'UNKNOWN_WORKFLOW', what: string, name: string | undefined): SquadraError {
  return new SquadraError(code, `There is no ${what} '${name ?? ''}', and no execution of one that was.`);
}
