import type { Draw, Drawn, SharedBuckets } from '../../src/flow/shared-buckets.ts';
import type { TestClock } from '../../src/testing/test-clock.ts';

/** What processes of a fleet share, on the test's clock: each of them has its own view, and the way there and back takes its time. */
export class SimulatedBuckets {
  /** How long an answer takes, in milliseconds. */
  latencyMs = 0;
  isAway = false;
  readonly #clock: TestClock;
  /** By key: when the bucket is full. */
  readonly #fullAt = new Map<string, number>();
  readonly #pausedUntil = new Map<string, number>();

  constructor(clock: TestClock) {
    this.#clock = clock;
  }

  /** As one process sees it. */
  view(): SharedBuckets {
    const counts = { taken: 0, refused: 0, unavailable: 0 };
    return {
      draw: async (draws, pause = 'none') => {
        if (this.latencyMs > 0) await this.#clock.pause(this.latencyMs);
        else await Promise.resolve();
        const drawn = this.isAway ? null : this.#draw(draws, pause);
        counts[drawn === null ? 'unavailable' : drawn.isTaken ? 'taken' : 'refused'] += 1;
        return drawn;
      },
      correct: (draws) => {
        if (this.isAway) counts.unavailable += 1;
        else for (const draw of draws) this.#take(draw);
      },
      pause: (name, forMs) => {
        if (this.isAway) counts.unavailable += 1;
        else this.#pausedUntil.set(name, Math.max(this.#pausedUntil.get(name) ?? 0, this.#clock.now() + forMs));
      },
      statistics: () => counts,
    };
  }

  #draw(draws: readonly Draw[], pause: string): Drawn {
    const pausedMs = Math.max(0, (this.#pausedUntil.get(pause) ?? 0) - this.#clock.now());
    const isTaken =
      pausedMs === 0 && draws.every((draw) => Math.min(draw.tokens, draw.capacity) <= this.#left(draw) + 1e-6);
    if (isTaken) for (const draw of draws) this.#take(draw);
    return { isTaken, pausedMs, left: draws.map((draw) => this.#left(draw)) };
  }

  #left({ key, capacity, tokenMs }: Draw): number {
    return capacity - Math.max(0, (this.#fullAt.get(key) ?? 0) - this.#clock.now()) / tokenMs;
  }

  #take({ key, tokenMs, tokens }: Draw): void {
    const now = this.#clock.now();
    this.#fullAt.set(key, Math.max(this.#fullAt.get(key) ?? now, now) + tokens * tokenMs);
  }
}
