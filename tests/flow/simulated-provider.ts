import type { Admission, CallTicket } from '../../src/flow/admission.ts';
import type { TestClock } from '../../src/testing/test-clock.ts';

/** What a provider bears, which nobody is told. */
export interface HiddenLimits {
  /** Calls at once; more are turned away. */
  atOnce: number;
  /** Beyond so many calls at once all of them get slower, with the square of how far beyond. */
  knee: number;
  latencyMs: number;
}

/** Counts of one stretch of time. */
export interface Goodput {
  completed: number;
  refused: number;
}

/** A provider on the test's clock, and as many callers as there are, each calling again as soon as it was answered. */
export class SimulatedProvider {
  readonly limits: HiddenLimits;
  readonly counts: Goodput = { completed: 0, refused: 0 };
  inFlight = 0;
  highest = 0;
  readonly #clock: TestClock;
  readonly #admissions: readonly Admission[];
  readonly #stop = new AbortController();

  /** `admissions` are those of the processes that call it, in turn. */
  constructor(limits: Partial<HiddenLimits>, clock: TestClock, ...admissions: readonly Admission[]) {
    this.limits = { atOnce: Infinity, knee: Infinity, latencyMs: 200, ...limits };
    this.#clock = clock;
    this.#admissions = admissions;
  }

  demand(callers: number): void {
    for (let caller = 0; caller < callers; caller += 1) {
      const admission = this.#admissions[caller % this.#admissions.length];
      if (admission !== undefined) this.#call(`member-${caller}`, admission).catch(() => {});
    }
  }

  stop(): void {
    this.#stop.abort(new Error('over'));
  }

  /** What happens in so many milliseconds. */
  async during(ms: number): Promise<Goodput> {
    const { completed, refused } = this.counts;
    await this.#clock.advance(ms);
    return { completed: this.counts.completed - completed, refused: this.counts.refused - refused };
  }

  async #call(memberId: string, admission: Admission): Promise<void> {
    const { signal } = this.#stop;
    for (let isReturning = false; !signal.aborted;) {
      const permit = await admission.admit({ ...ticketOf(memberId, this.#clock.now()), isReturning }, signal);
      if (this.inFlight >= this.limits.atOnce) {
        await this.#clock.pause(2);
        this.counts.refused += 1;
        permit.end({ kind: 'refused', retryAfterMs: null });
        isReturning = true;
        continue;
      }
      isReturning = false;
      this.inFlight += 1;
      this.highest = Math.max(this.highest, this.inFlight);
      const beyond = Math.max(1, this.inFlight / this.limits.knee);
      const latencyMs = this.limits.latencyMs * beyond ** 2;
      await this.#clock.pause(latencyMs);
      this.inFlight -= 1;
      this.counts.completed += 1;
      permit.end({ kind: 'completed', firstTokenMs: latencyMs, tokens: null });
    }
  }
}

export function ticketOf(memberId: string, askedAt: number, fields: Partial<CallTicket> = {}): CallTicket {
  return {
    tenant: 'local',
    provider: 'openai',
    model: 'gpt',
    memberId,
    priority: 0,
    inputTokens: 100,
    askedAt,
    isReturning: false,
    ...fields,
  };
}
