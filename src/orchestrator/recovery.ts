import type { Engine } from '../engines/engine.ts';
import type { ExecutionReports, OpenExecution } from '../work/execution-store.ts';

const pageSize = 1_000;

/** What a start found open: how many executions it took up, and those it left because their workflow is not registered. */
export interface Resumed {
  readonly count: number;
  /** Executions by the name of the workflow that is missing. */
  readonly leftAlone: ReadonlyMap<string, number>;
}

/**
 * Hands the engine everything that is not over: what was queued, what ran when the process ended, and what waits for a time.
 * An execution of a workflow that this process does not have stays as it is, for one that has it.
 */
export async function resumeAll(
  reports: ExecutionReports,
  engine: Engine,
  isKnown: (workflow: string) => boolean,
): Promise<Resumed> {
  const leftAlone = new Map<string, number>();
  let after = '';
  let count = 0;
  for (;;) {
    const page = await reports.open(after, pageSize);
    for (const execution of page) {
      const { workflow } = execution;
      if (isKnown(workflow)) {
        resume(engine, execution);
        count++;
      } else leftAlone.set(workflow, (leftAlone.get(workflow) ?? 0) + 1);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return { count, leftAlone };
    after = last.id;
  }
}

function resume(engine: Engine, { tenant, id, priority, status, wakeAt }: OpenExecution): void {
  if (status === 'queued') engine.start({ tenant, id, priority });
  else engine.wake({ tenant, id, priority }, status === 'waiting' && wakeAt !== null ? wakeAt : undefined);
}
