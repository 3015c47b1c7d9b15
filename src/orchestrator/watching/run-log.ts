import type { Logger } from '../../telemetry/logger.ts';
import type { Execution } from '../../work/execution.ts';
import type { Commit } from '../../work/execution-store.ts';
import type { RunWatcher } from '../../workflows/run-watcher.ts';

/** Logs what becomes of one execution, with the ids under which it is found elsewhere; never what was said in it. */
export class RunLog implements RunWatcher {
  readonly #logger: Pick<Logger, 'info'>;
  readonly #fields: Readonly<Record<string, string>>;

  constructor(logger: Pick<Logger, 'info'>, { id, tenant, workflow }: Execution, traceId: string) {
    this.#logger = logger;
    this.#fields = { executionId: id, traceId, tenant, workflow };
  }

  asked(): void {}

  working(): void {}

  attempted<T>(_key: string, _attempt: number, perform: () => T): T {
    return perform();
  }

  over(): void {}

  committed({ records }: Commit): void {
    for (const record of records) {
      if (record.kind === 'step' && record.phase === 'failed') {
        const { key, attempt, dueAt, error } = record;
        const fields = { ...this.#fields, stepKey: key, attempt, failure: error?.code ?? error?.name ?? 'Error' };
        const what = dueAt === null ? 'A step failed.' : 'An attempt of a step failed; it is tried again.';
        this.#logger.info(fields, what);
      } else if (record.kind === 'status' && record.status === 'completed')
        this.#logger.info(this.#fields, 'An execution was completed.');
      else if (record.kind === 'status' && record.status === 'failed') {
        const failure = record.error?.code ?? record.error?.name ?? 'Error';
        this.#logger.info({ ...this.#fields, failure }, 'An execution failed.');
      }
    }
  }
}
