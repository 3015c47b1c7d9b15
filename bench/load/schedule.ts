/** What arrives when: `count` arrivals, evenly. */
export interface Arrivals {
  readonly perSecond: number;
  readonly count: number;
}

/**
 * Open loop: calls `begin` on a schedule, however long what it began takes, with the time it was meant to be called at.
 * Resolves after the last with how late each was, in milliseconds: above what a timer is late, the generator could not keep up.
 */
export function onSchedule(
  { perSecond, count }: Arrivals,
  begin: (intendedAt: number, n: number) => void,
): Promise<Float64Array> {
  return new Promise((resolve) => {
    const lags = new Float64Array(count);
    const begun = performance.now();
    const dueAt = (n: number): number => begun + (n * 1_000) / perSecond;
    let n = 0;
    const go = (): void => {
      for (; n < count; n++) {
        const [due, now] = [dueAt(n), performance.now()];
        if (due > now) {
          setTimeout(go, Math.ceil(due - now));
          return;
        }
        lags[n] = now - due;
        begin(due, n);
      }
      resolve(lags);
    };
    go();
  });
}
