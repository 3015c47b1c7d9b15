import type { Bus } from '../../bus/bus.ts';
import type { Engine } from '../../engines/engine.ts';
import { DueTimes } from '../../flow/due-times.ts';
import type { Clock, Timer } from '../../kernel/clock.ts';
import type { Faults } from '../../kernel/faults.ts';
import type { IdSource } from '../../kernel/id.ts';
import type { Schedule, TickCounts } from '../../work/schedule.ts';
import type { BegunFiring, ScheduleStore, ScheduleTurn, TurnResult } from '../../work/schedule-store.ts';
import { decisions } from './missed.ts';
import type { Decision } from './missed.ts';
import { dueTicks, ticksOf } from './ticks.ts';
import type { Ticks } from './ticks.ts';

export interface ScheduleRunnerParts {
  readonly store: ScheduleStore;
  readonly engine: Pick<Engine, 'start'>;
  readonly bus: Pick<Bus, 'publish'>;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly faults: Faults;
  readonly maxWaitingFirings: number;
  /** Whether other processes make, change and fire schedules too. */
  readonly isShared: boolean;
  /** Whether this process can run a workflow; ticks of one that it cannot run are left to a process that can. */
  readonly isKnown: (workflow: string) => boolean;
  readonly onUnknown: (schedule: Schedule) => void;
  /** Hears why something could not be done that will be tried again. */
  readonly onError: (error: unknown) => void;
}

/** Schedules that tick in this process, and what became of their ticks since it started. */
export interface ScheduleStatistics extends TickCounts {
  readonly active: number;
}

interface Entry {
  readonly tenant: string;
  readonly id: string;
  readonly schedule: Schedule;
  readonly ticks: Ticks;
  nextAt: number | null;
  /** When it is looked at again. */
  wakeAt: number;
  isBusy: boolean;
}

const pageSize = 1_000;
/** Ticks that are looked at together: some milliseconds of work. */
const batchSize = 200;
/** Pause before something is tried again that the store refused. */
const retryPauseMs = 1_000;
/** How often the rows are looked at where others change them. */
const lookEveryMs = 2_000;

/**
 * Has schedules tick in this process.
 *
 * R1  The rows are the truth: a tick is decided about by a commit that names the `nextAt` it was decided upon (T1, T2).
 * R2  One timer serves all schedules, and looks at the clock on the wall once in a second: clocks are set, machines sleep.
 * R3  The ticks of one schedule are decided about one after the other, oldest first.
 * R4  What waits begins when what was begun before has ended; where that went by unseen, at the next tick or start.
 * R5  Where other processes run schedules too, all of them look at the rows now and then: who decides about a tick is whose commit
 *     comes first, and the others read the row again.
 */
export class ScheduleRunner implements Disposable {
  readonly #parts: ScheduleRunnerParts;
  readonly #entries = new Map<string, Entry>();
  readonly #due: DueTimes;
  /** By the execution that others wait for. */
  readonly #underWay = new Map<string, { readonly tenant: string; readonly id: string }>();
  #waiting: { readonly tenant: string; readonly id: string }[] = [];
  readonly #counts = { fired: 0, skipped: 0, missed: 0 };
  #isServing = false;
  #look: Timer | null = null;

  constructor(parts: ScheduleRunnerParts) {
    this.#parts = parts;
    this.#due = new DueTimes(
      parts.clock,
      (id) => void this.#wake(id),
      (id, at) => this.#entries.get(id)?.wakeAt === at,
    );
  }

  /** Takes up the schedules there are; before the engine runs what they made, so that no end of it goes by unseen. */
  async load(): Promise<void> {
    let after = '';
    for (;;) {
      const page = await this.#parts.store.active(after, pageSize);
      for (const { schedule, underWay, waiting } of page) {
        const { tenant, id } = schedule;
        this.adopt(schedule);
        if (underWay !== null) this.#underWay.set(underWay, { tenant, id });
        else if (waiting > 0) this.#waiting.push({ tenant, id });
      }
      const last = page.at(-1);
      if (last === undefined || page.length < pageSize) return;
      after = last.schedule.id;
    }
  }

  /** Begins to tick, with what was missed first. */
  serve(): void {
    this.#isServing = true;
    for (const { tenant, id } of this.#waiting.splice(0)) void this.beginNext(tenant, id);
    for (const entry of this.#entries.values()) this.#sleep(entry);
    if (this.#parts.isShared) this.#lookLater();
  }

  /** A schedule is new, or is as given now. */
  adopt(schedule: Schedule): void {
    const { tenant, id, workflow, nextAt } = schedule;
    this.forget(id);
    if (schedule.status !== 'active' || nextAt === null) return;
    if (!this.#parts.isKnown(workflow)) {
      this.#parts.onUnknown(schedule);
      return;
    }
    const ticks = ticksOf(schedule.rhythm);
    const entry: Entry = { tenant, id, schedule, ticks, nextAt, wakeAt: nextAt, isBusy: false };
    this.#entries.set(id, entry);
    if (this.#isServing) this.#sleep(entry);
  }

  /** A schedule ticks no more. */
  forget(id: string): void {
    this.#entries.delete(id);
  }

  /** An execution has ended, and that is stored. */
  ended(executionId: string): void {
    const schedule = this.#underWay.get(executionId);
    if (schedule === undefined) return;
    this.#underWay.delete(executionId);
    void this.beginNext(schedule.tenant, schedule.id);
  }

  /** Begins what waits, unless something is under way. */
  async beginNext(tenant: string, id: string): Promise<void> {
    const { store, faults, clock, onError } = this.#parts;
    // The next start takes it up.
    if (!this.#isServing) return;
    try {
      faults.at('wake.before');
      const begun = await store.beginNext(tenant, id);
      faults.at('wake.after');
      if (begun !== null) this.#begin(tenant, id, begun);
    } catch (error) {
      onError(error);
      if (this.#isServing) clock.setTimer(retryPauseMs, () => void this.beginNext(tenant, id));
    }
  }

  statistics(): ScheduleStatistics {
    return { active: this.#entries.size, ...this.#counts };
  }

  /** Begins nothing more; what was begun is the engine's to drain. */
  [Symbol.dispose](): void {
    this.#isServing = false;
    this.#look?.cancel();
    this.#due.stop();
  }

  #lookLater(): void {
    this.#look = this.#parts.clock.setTimer(lookEveryMs, () => {
      this.#lookAtRows()
        .catch(this.#parts.onError)
        .finally(() => {
          if (this.#isServing) this.#lookLater();
        });
    });
  }

  /** Takes up what others made or changed, forgets what they removed, and begins what waits for nothing any more. */
  async #lookAtRows(): Promise<void> {
    const found = new Set<string>();
    for (let after = '', isEnd = false; !isEnd && this.#isServing;) {
      const page = await this.#parts.store.active(after, pageSize);
      for (const { schedule, underWay, waiting } of page) {
        const { tenant, id, version, nextAt } = schedule;
        found.add(id);
        const entry = this.#entries.get(id);
        const isKnown = entry !== undefined && (entry.isBusy || entry.schedule.version === version);
        if (!isKnown || (!entry.isBusy && entry.nextAt !== nextAt)) this.adopt(schedule);
        if (underWay === null && waiting > 0) await this.beginNext(tenant, id);
      }
      after = page.at(-1)?.schedule.id ?? '';
      isEnd = page.length < pageSize;
    }
    for (const { id, isBusy } of this.#entries.values()) if (!found.has(id) && !isBusy) this.forget(id);
  }

  #sleep(entry: Entry, pauseMs = 0): void {
    if (!this.#isServing || this.#entries.get(entry.id) !== entry || entry.nextAt === null) return;
    entry.wakeAt = pauseMs === 0 ? entry.nextAt : this.#parts.clock.now() + pauseMs;
    this.#due.add(entry.id, entry.wakeAt);
  }

  async #wake(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.isBusy) return;
    entry.isBusy = true;
    let pauseMs = 0;
    try {
      while (this.#isDue(entry)) await this.#decide(entry);
    } catch (error) {
      this.#parts.onError(error);
      pauseMs = retryPauseMs;
    }
    entry.isBusy = false;
    this.#sleep(entry, pauseMs);
  }

  #isDue(entry: Entry): entry is Entry & { nextAt: number } {
    const isMine = this.#isServing && this.#entries.get(entry.id) === entry;
    return isMine && entry.nextAt !== null && entry.nextAt <= this.#parts.clock.now();
  }

  /** Decides about a batch of ticks that are due. */
  async #decide(entry: Entry & { nextAt: number }): Promise<void> {
    const now = this.#parts.clock.now();
    const due = dueTicks(entry.ticks, entry.nextAt, now, batchSize);
    let left = due.ticks.length;
    for (const decision of decisions(due, entry.schedule.missed, now)) {
      if (!this.#isServing) return;
      const result = await this.#turn(entry, decision, 0);
      if (result === null) return this.#readAgain(entry);
      left -= decision.missed + (decision.fires === null ? 0 : 1);
      if (result.firing !== 'skipped' || left === 0) continue;
      // What is due now would be skipped as this one was.
      const rest: Decision = { fires: null, missed: 0, lastTick: due.ticks.at(-1) ?? 0, nextAt: due.next };
      if ((await this.#turn(entry, rest, left)) === null) await this.#readAgain(entry);
      return;
    }
  }

  /** One commit (R1); null when the schedule is not what it was. */
  async #turn(entry: Entry, decision: Decision, skipped: number): Promise<TurnResult | null> {
    const { store, ids, faults, maxWaitingFirings } = this.#parts;
    const { tenant, id, nextAt: due } = entry;
    if (due === null) return null;
    const { fires: tick, missed, lastTick, nextAt } = decision;
    const fires = tick === null ? null : { tick, executionId: ids() };
    const turn: ScheduleTurn = { due, fires, missed, skipped, lastTick, nextAt };
    faults.at('submit.before');
    const result = await store.turn(tenant, id, turn, maxWaitingFirings);
    faults.at('submit.after');
    if (result === null) return null;
    entry.nextAt = nextAt;
    this.#counts.missed += missed;
    this.#counts.skipped += skipped + (result.firing === 'skipped' ? 1 : 0);
    if (fires !== null && (result.firing === 'begun' || result.firing === 'waits')) {
      this.#counts.fired += 1;
      this.#parts.bus.publish({ kind: 'committed', tenant, executionId: fires.executionId });
    }
    if (result.begun !== null) this.#begin(tenant, id, result.begun);
    return result;
  }

  #begin(tenant: string, id: string, { executionId, priority }: BegunFiring): void {
    const { engine, bus } = this.#parts;
    // Before it can end; where ticks are skipped nothing waits for that.
    if (this.#entries.get(id)?.schedule.overlap !== 'skip') this.#underWay.set(executionId, { tenant, id });
    bus.publish({ kind: 'committed', tenant, executionId });
    engine.start({ tenant, id: executionId, priority });
  }

  /** Somebody changed it meanwhile: what is stored counts. */
  async #readAgain({ tenant, id }: Entry): Promise<void> {
    const schedule = await this.#parts.store.get(tenant, id);
    if (schedule === null) this.forget(id);
    else this.adopt(schedule);
  }
}
