import { SquadraError } from '../kernel/errors.ts';
import type { JournalRecord } from '../work/journal.ts';
import { sizeOf } from './history.ts';
import type { RunLimits } from './run-services.ts';

/** The keys a run came to, each once, and the limits on how many there may be and how large their journal may grow. */
export class ReachedSteps {
  readonly keys: ReadonlySet<string>;
  readonly #keys = new Set<string>();
  readonly #executionId: string;
  readonly #limits: RunLimits;
  #journalSize: number;

  constructor(executionId: string, limits: RunLimits, journalSize: number) {
    this.keys = this.#keys;
    this.#executionId = executionId;
    this.#limits = limits;
    this.#journalSize = journalSize;
  }

  /** Throws `DUPLICATE_STEP` or `TOO_MANY_STEPS`. */
  reserve(key: string): void {
    if (this.#keys.has(key)) {
      const advice = 'give each its own name (in a loop: with the round in it)';
      throw new SquadraError(
        'DUPLICATE_STEP',
        `Execution ${this.#executionId} reached two steps named '${key}'; ${advice}.`,
        { details: { executionId: this.#executionId, step: key } },
      );
    }
    const { maxSteps } = this.#limits;
    if (this.#keys.size >= maxSteps) {
      throw new SquadraError(
        'TOO_MANY_STEPS',
        `Execution ${this.#executionId} reached its limit of ${maxSteps} steps at '${key}'.`,
        { details: { maxSteps } },
      );
    }
    this.#keys.add(key);
  }

  /** Throws `JOURNAL_TOO_LARGE`. Asked of new steps only: a replay finds the journal as large as it became. */
  checkSize(key: string): void {
    const { maxJournalBytes } = this.#limits;
    if (this.#journalSize > maxJournalBytes) {
      throw new SquadraError(
        'JOURNAL_TOO_LARGE',
        `The journal of execution ${this.#executionId} passed ${maxJournalBytes} bytes before '${key}'.`,
        { details: { maxJournalBytes } },
      );
    }
  }

  recorded(records: readonly JournalRecord[]): void {
    for (const record of records) this.#journalSize += sizeOf(record);
  }
}
