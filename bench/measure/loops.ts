import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';

/** Closed loop: `count` calls, at most `atOnce` of them open. */
export async function closedLoop(count: number, atOnce: number, call: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, lane));
}

/** Closed loop for a time: returns how many calls were done per second. */
export async function closedLoopFor(ms: number, atOnce: number, call: (n: number) => Promise<void>): Promise<number> {
  const begun = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() - begun < ms) await call(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return (next * 1_000) / (performance.now() - begun);
}

/**
 * Open loop: calls begin on a schedule, however long the earlier ones take. `call` gets the time it was meant to begin
 * at: latencies count from there, so a stall of the caller is not left out.
 */
export async function openLoop(
  {
    perSecond,
    count,
    isOver = () => false,
  }: { readonly perSecond: number; readonly count: number; readonly isOver?: () => boolean },
  call: (intendedAt: number, n: number) => Promise<void>,
): Promise<void> {
  const begun = performance.now();
  const calls = new Set<Promise<void>>();
  const failures: Error[] = [];
  for (let n = 0; n < count && !isOver() && failures.length === 0;) {
    const intendedAt = begun + (n * 1_000) / perSecond;
    const early = intendedAt - performance.now();
    if (early > 0) {
      await pause(Math.ceil(early));
      continue;
    }
    const open: Promise<void> = call(intendedAt, n++).then(
      () => void calls.delete(open),
      (error: unknown) => {
        failures.push(error instanceof Error ? error : new Error(String(error)));
      },
    );
    calls.add(open);
  }
  await Promise.all(calls);
  const [failure] = failures;
  if (failure !== undefined) throw failure;
}

/** Watches how late the event loop is; values in milliseconds, of which 1 is the pause between two looks. */
export function watchEventLoop(): () => { readonly p99Ms: number; readonly maxMs: number } {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  return () => {
    delay.disable();
    return { p99Ms: delay.percentile(99) / 1e6, maxMs: delay.max / 1e6 };
  };
}
