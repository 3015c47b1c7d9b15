import type { NewsWire } from '../../bus/news.ts';
import type { Clock, Timer } from '../../kernel/clock.ts';
import type { Advancer } from '../advancer.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { OwnedRun } from '../../work/owned-run.ts';

/** How long a run works for nobody at the most, before its next commit tells it so. */
const everyMs = 10_000;
/** So soon it is looked after news may have been lost: many lose them at once, and often several times. */
const unsureMs = 500;

export interface OwnershipCheckParts {
  /** Which of these runs own their execution no more. */
  readonly lostAmong: (runs: readonly OwnedRun[]) => Promise<readonly OwnedRun[]>;
  readonly advancer: Pick<Advancer, 'owned' | 'abandonOwned'>;
  readonly news: NewsWire;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** Null where nobody else could own what runs here. */
export function watchOwnership(
  parts: Pick<OwnershipCheckParts, 'news' | 'clock'> & {
    readonly lostAmong: OwnershipCheckParts['lostAmong'] | null;
    readonly logger: Logger;
  },
  advancer: OwnershipCheckParts['advancer'],
): Disposable | null {
  const { lostAmong, news, clock, logger } = parts;
  if (lostAmong === null) return null;
  const onError = (error: unknown): void =>
    logger.warn({ error }, 'Whether runs are still owned could not be seen; looking again.');
  return new OwnershipCheck({ lostAmong, advancer, news, clock, onError });
}

/**
 * Stops runs whose execution was cancelled, or claimed by another process, while this one could not hear of it. Whatever they bring is
 * refused anyway; but until then they would keep calls open that are paid for.
 */
export class OwnershipCheck implements Disposable {
  readonly #parts: OwnershipCheckParts;
  readonly #leave: () => void;
  #timer: Timer | null = null;
  #isUnsure = false;
  #isClosed = false;

  constructor(parts: OwnershipCheckParts) {
    this.#parts = parts;
    this.#leave = parts.news.onNews(({ of }) => {
      if (of !== 'unsure' || this.#isUnsure) return;
      this.#isUnsure = true;
      this.#lookIn(unsureMs);
    });
    this.#lookIn(everyMs);
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#leave();
    this.#timer?.cancel();
  }

  #lookIn(delayMs: number): void {
    this.#timer?.cancel();
    if (!this.#isClosed) this.#timer = this.#parts.clock.setTimer(delayMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    const { lostAmong, advancer, onError } = this.#parts;
    this.#isUnsure = false;
    try {
      const runs = advancer.owned();
      if (runs.length > 0) for (const run of await lostAmong(runs)) advancer.abandonOwned(run);
    } catch (error) {
      onError(error);
    }
    this.#lookIn(this.#isUnsure ? unsureMs : everyMs);
  }
}
