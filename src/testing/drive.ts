import type { SquadraEvent } from '../orchestrator/events.ts';
import type { Run } from '../orchestrator/run-handle.ts';
import type { Squadra } from '../orchestrator/squadra.ts';
import type { Life } from './crash.ts';
import type { PreparedAnswers } from './prepared-answers.ts';
import { settle } from './test-clock.ts';
import type { TestClock } from './test-clock.ts';

/** An execution in one life of a process, and what moves it. */
export interface Drive {
  readonly squadra: Squadra;
  readonly run: Run;
  readonly clock: TestClock;
  readonly prepared: PreparedAnswers;
  readonly life: Life;
  /** The last record that was seen in the lives before. */
  readonly after: number;
}

export interface Driven {
  readonly how: 'ended' | 'crashed';
  readonly seq: number;
}

/**
 * Moves an execution to its end: gives what was prepared to what it waits for, and moves the clock when nothing but the
 * time can go on.
 *
 * D1  The clock never moves while the store is at work, so that no limit on the store's own time runs out.
 * D2  It moves to the time that a parked execution wants to be woken at; or to the next timer, while a step that runs
 *     waits on the clock.
 */
export async function drive(drive: Drive): Promise<Driven> {
  const { squadra, run, clock, prepared, life, after } = drive;
  const abort = new AbortController();
  const events = run.events({ after, signal: abort.signal })[Symbol.asyncIterator]();
  let seq = after;
  let next: Promise<IteratorResult<SquadraEvent, void>> | null = null;
  try {
    await untilOver(life, prepared.give(run));
    for (;;) {
      next ??= events.next();
      const happened = await Promise.race([
        next,
        clock.untilPaused().then(() => 'paused' as const),
        life.over.then(() => 'crashed' as const),
      ]);
      if (happened === 'crashed') return { how: 'crashed', seq };
      if (happened === 'paused') {
        await passTime(squadra, clock, next);
        continue;
      }
      next = null;
      if (happened.done === true || happened.value.event === 'done') return { how: 'ended', seq };
      if (happened.value.event === 'text-delta' || happened.value.event === 'text-so-far') continue;
      ({ seq } = happened.value);
      await untilOver(life, follow(drive, happened.value));
    }
  } finally {
    abort.abort();
  }
}

/** Resolves when the store has nothing in hand. */
export async function quiet(squadra: Squadra): Promise<void> {
  for (;;) {
    await settle();
    const { writer, readers } = squadra.statistics();
    if (writer.pending === 0 && readers.busy === 0 && readers.waiting === 0) return;
  }
}

async function follow({ squadra, run, clock, prepared }: Drive, event: SquadraEvent): Promise<void> {
  if (event.event === 'step') {
    prepared.note(event);
    await prepared.give(run);
  } else if (event.event === 'status' && event.status === 'waiting' && !prepared.areUnderWay) {
    if (event.wakeAt == null) {
      const waits = prepared.open.join('; ');
      throw new Error(`The execution waits for what was not prepared: ${waits}. Give it in 'signals' or 'approvals'.`);
    }
    await quiet(squadra);
    await clock.jump(event.wakeAt);
  }
}

/** Moves to the next timer, unless something happens by itself meanwhile. */
async function passTime(squadra: Squadra, clock: TestClock, next: Promise<unknown>): Promise<void> {
  let hasHappened = false;
  void next.then(() => (hasHappened = true));
  await quiet(squadra);
  if (hasHappened || clock.pauses === 0) return;
  if (!(await clock.advanceToNext())) throw new Error('A step waits on the clock for ever, and no limit would end it.');
}

/** What is asked of a process that has died is never answered. */
async function untilOver(life: Life, work: Promise<void>): Promise<void> {
  await Promise.race([work, life.over]);
}
