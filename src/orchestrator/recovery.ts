import type { Engine } from '../engines/engine.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { ExecutionReports, OpenExecution } from '../work/execution-store.ts';
import type { WorkflowRegistry } from './workflow-registry.ts';

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

/** `resumeAll` at the start of a process, which says what it left. */
export async function resumeUnfinished(parts: {
  readonly reports: ExecutionReports;
  readonly engine: Engine;
  readonly workflows: WorkflowRegistry;
  readonly logger: Logger;
}): Promise<void> {
  const { reports, engine, workflows, logger } = parts;
  const { leftAlone } = await resumeAll(reports, engine, (name) => workflows.find(name) !== null);
  for (const [workflow, count] of leftAlone)
    logger.warn({ workflow, count }, 'Executions of a workflow that is not registered here stay as they are.');
}
