import type { Engine } from '../engines/engine.ts';
import type { ExecutionReports } from '../work/execution-store.ts';

const pageSize = 1_000;

/** Hands the engine everything that is not over: what was queued, what ran when the process ended, and what waits for a time. */
export async function resumeAll(reports: ExecutionReports, engine: Engine): Promise<number> {
  let after = '';
  let count = 0;
  for (;;) {
    const page = await reports.open(after, pageSize);
    for (const { tenant, id, priority, status, wakeAt } of page) {
      if (status === 'queued') engine.start({ tenant, id, priority });
      else engine.wake({ tenant, id, priority }, status === 'waiting' && wakeAt !== null ? wakeAt : undefined);
    }
    count += page.length;
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return count;
    after = last.id;
  }
}
