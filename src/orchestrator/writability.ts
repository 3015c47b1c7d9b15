import type { Clock } from '../kernel/clock.ts';
import type { StateProbe } from '../work/state-probe.ts';

/** What was found out holds for so long, however many ask. */
const holdsMs = 1_000;
/** A disk or a network that takes longer than this keeps those who submit waiting too. */
const patienceMs = 2_000;

/** Whether the state can be written: those who spread requests over processes pass one by that cannot. */
export class Writability {
  readonly #probe: StateProbe;
  readonly #clock: Clock;
  #checking: Promise<boolean> | null = null;
  #last: { readonly at: number; readonly isWritable: boolean } | null = null;

  constructor(probe: StateProbe, clock: Clock) {
    this.#probe = probe;
    this.#clock = clock;
  }

  check(): Promise<boolean> {
    const now = this.#clock.now();
    if (this.#last !== null && Math.abs(now - this.#last.at) < holdsMs) return Promise.resolve(this.#last.isWritable);
    return (this.#checking ??= this.#ask().finally(() => (this.#checking = null)));
  }

  async #ask(): Promise<boolean> {
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const timer = this.#clock.setTimer(patienceMs, () => resolve(false));
    const written = this.#probe.write().then(
      () => true,
      () => false,
    );
    const isWritable = await Promise.race([written, late]);
    timer.cancel();
    this.#last = { at: this.#clock.now(), isWritable };
    return isWritable;
  }
}
