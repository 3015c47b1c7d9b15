import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Tracing } from '../../telemetry/tracing.ts';
import type { Execution } from '../../work/execution.ts';
import type { ExecutionReports } from '../../work/execution-store.ts';
import type { WorkItem } from '../../work/work-item.ts';
import type { WorkItemStore } from '../../work/work-item-store.ts';
import { historyOf } from '../../workflows/history.ts';
import { ExecutionTrace } from '../../workflows/tracing/execution-trace.ts';
import { RunSpans } from '../../workflows/tracing/run-spans.ts';
import { allRecords } from '../journal-pages.ts';
import type { SquadDirectory } from '../squad-directory.ts';

export interface CancelledSpansParts {
  readonly tracing: Tracing;
  readonly reports: ExecutionReports;
  readonly workItems: Pick<WorkItemStore, 'list'>;
  readonly squads: Pick<SquadDirectory, 'pinned'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const itemsPerPage = 200;

/**
 * Tells the spans that end with a cancel: of the execution, and of what was open in it. It may run nowhere, so all of it is read
 * from the store. Attempts that were under way are told by their run.
 */
export class CancelledSpans implements AsyncDisposable {
  readonly #parts: CancelledSpansParts;
  readonly #telling = new Set<Promise<void>>();

  constructor(parts: CancelledSpansParts) {
    this.#parts = parts;
  }

  /** This execution was cancelled, and that is stored. */
  cancelled(tenant: string, id: string): void {
    const { tracing, logger } = this.#parts;
    if (!tracing.isOn) return;
    const telling = this.#tell(tenant, id)
      .catch((error: unknown) =>
        logger.warn({ error, executionId: id }, 'A cancelled execution is missing in the traces.'),
      )
      .finally(() => this.#telling.delete(telling));
    this.#telling.add(telling);
  }

  /** Resolves when all is told. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#telling);
  }

  async #tell(tenant: string, id: string): Promise<void> {
    const { reports, tracing, clock, squads } = this.#parts;
    const execution = await reports.get(tenant, id);
    if (execution === null || execution.status !== 'cancelled') return;
    const history = historyOf(await allRecords(reports, tenant, id));
    const trace = new ExecutionTrace(execution, history.rounds);
    if (!trace.isSampled) return;
    const spans = new RunSpans({ tracing, clock }, execution, history, trace);
    const { squadId, squadVersion } = execution;
    const pinned =
      squadId === null || squadVersion === null ? null : await squads.pinned(tenant, squadId, squadVersion);
    for (const item of await this.#openItems(execution)) {
      const member = pinned?.members.find((each) => each.id === item.memberId) ?? unknownMember(item);
      if (item.stepKey !== null) spans.asked({ key: item.stepKey, itemId: item.id, member }, item.createdAt);
    }
    spans.end(execution.endedAt ?? clock.now(), cancel);
  }

  /** Those that the cancel ended. */
  async #openItems({ tenant, id, endedAt }: Execution): Promise<readonly WorkItem[]> {
    const items: WorkItem[] = [];
    for (;;) {
      const last = items.at(-1);
      const after = last === undefined ? {} : { after: last };
      const page = await this.#parts.workItems.list(tenant, { executionId: id, limit: itemsPerPage, ...after });
      items.push(...page);
      if (page.length < itemsPerPage) break;
    }
    return items.filter((item) => item.status === 'cancelled' && item.updatedAt === endedAt);
  }
}

const cancel = { name: 'SquadraError', code: 'EXECUTION_CANCELLED', message: 'The execution was cancelled.' };

function unknownMember({ memberId }: WorkItem): { readonly id: string; readonly name: string; readonly role: string } {
  return { id: memberId ?? '', name: memberId ?? 'a member', role: 'unknown' };
}
