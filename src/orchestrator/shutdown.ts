import type { Bus } from '../bus/bus.ts';
import type { Engine } from '../engines/engine.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../telemetry/logger.ts';
import { SquadraError } from '../kernel/errors.ts';
import type { Advancer } from './advancer.ts';
import type { Outcomes } from './outcomes.ts';

export interface ShutdownParts {
  readonly engine: Engine;
  readonly advancer: Advancer;
  /** Those who wait for what will not end here any more are told so. */
  readonly outcomes: Outcomes;
  /** Those who read events of what will not end here any more are let go. */
  readonly bus: Bus;
  /** Stopped first: what begins new work by itself. */
  readonly housekeeping: Disposable;
  readonly monitor: Disposable;
  /** Null where nobody else could own what runs here. */
  readonly ownership: Disposable | null;
  readonly room: Disposable;
  readonly convoys: Disposable;
  readonly schedules: Disposable;
  /** Commands from other processes, which are taken until the last step is done. */
  readonly inbox: AsyncDisposable | null;
  /** What was counted is stored when nothing happens any more. */
  readonly metrics: AsyncDisposable;
  readonly state: AsyncDisposable;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly graceMs: number;
}

/** Start-up in reverse, once: stop taking work, let what runs come to a step's end, then close the file. */
export function shutdown(parts: ShutdownParts): () => Promise<void> {
  const {
    engine,
    advancer,
    outcomes,
    bus,
    housekeeping,
    monitor,
    ownership,
    room,
    convoys,
    schedules,
    inbox,
    metrics,
    state,
    clock,
    logger,
    graceMs,
  } = parts;
  const close = async (): Promise<void> => {
    housekeeping[Symbol.dispose]();
    monitor[Symbol.dispose]();
    room[Symbol.dispose]();
    convoys[Symbol.dispose]();
    schedules[Symbol.dispose]();
    const drained = engine.drain();
    advancer.drain();
    const grace = clock.setTimer(graceMs, () => {
      logger.warn(
        { running: engine.statistics().running },
        'The grace period is over; what still runs is interrupted and resumes at the next start.',
      );
      advancer.abandonAll();
    });
    await drained;
    grace.cancel();
    ownership?.[Symbol.dispose]();
    await inbox?.[Symbol.asyncDispose]();
    outcomes.close(
      new SquadraError('SHUTTING_DOWN', 'Squadra was closed before the execution ended; it resumes at the next start.'),
    );
    bus.close();
    await metrics[Symbol.asyncDispose]();
    await state[Symbol.asyncDispose]();
  };
  let closed: Promise<void> | null = null;
  return () => (closed ??= close());
}
