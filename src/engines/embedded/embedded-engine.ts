import type { Clock } from '../../kernel/clock.ts';
import { FairQueue } from '../../flow/fair-queue.ts';
import type { Advanced } from '../../workflows/run-services.ts';
import type { Advance, Engine, EngineStatistics, Place, Runnable } from '../engine.ts';
import { DueTimes } from '../../flow/due-times.ts';

export interface EmbeddedEngineSettings {
  readonly maxConcurrentExecutions: number;
}

/**
 * What the engine knows of an execution. `ready` waits for a place; `running` is being advanced, and `again` when it was
 * woken meanwhile; `sleeping` waits for `dueAt`. One that waits for a signal alone has no entry.
 */
type Entry = Runnable & { isQueued: boolean } & (
    | { readonly state: 'ready' }
    | { readonly state: 'running'; again: boolean }
    | { readonly state: 'sleeping'; readonly dueAt: number }
  );

/** Pause before an execution is tried again whose advance could not begin. */
const retryPauseMs = 1_000;

/**
 * Executions that are being claimed at a time: enough to fill a commit with their claims. When ten thousand wake at once,
 * the others wait as small entries in fair order, instead of being read into memory all at once.
 */
const maxBeginning = 256;

/**
 * The engine of one process.
 *
 * E1  An execution is advanced in one place: it has at most one entry, and only `ready` entries are begun.
 * E2  A wake is never lost: of a running one it is remembered, of a sleeping one it ends the sleep; of two times the earlier counts.
 * E3  At most `maxConcurrentExecutions` are running; who gets a free place is the fair queue's choice.
 * E4  At most `maxBeginning` of them have not begun; the rest of the ready ones stay in the fair queue.
 */
export class EmbeddedEngine implements Engine {
  readonly capabilities = { eagerStart: true, remembers: false };
  readonly #settings: EmbeddedEngineSettings;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #ready = new FairQueue<Runnable>();
  readonly #due: DueTimes;
  #advance: Advance | null = null;
  #running = 0;
  #beginning = 0;
  #queued = 0;
  #taken = 0;
  #sleeping = 0;
  #draining = false;
  #drained: () => void = () => {};

  constructor(settings: EmbeddedEngineSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#due = new DueTimes(
      clock,
      (id) => this.#wakeUp(id),
      (id, at) => this.#sleepsUntil(id, at),
    );
  }

  reserve(): Place | null {
    if (
      this.#advance === null ||
      this.#draining ||
      this.#ready.size > 0 ||
      this.#running >= this.#settings.maxConcurrentExecutions
    )
      return null;
    this.#running++;
    return {
      run: (runnable, advance) => {
        this.#set({ ...runnable, isQueued: false, state: 'running', again: false });
        this.#follow(runnable, advance);
      },
      giveBack: () => this.#vacate(),
    };
  }

  start(runnable: Runnable): void {
    if (this.#entries.has(runnable.id)) this.wake(runnable);
    else this.#makeReady(runnable, true);
  }

  wake(runnable: Runnable, at?: number): void {
    const entry = this.#entries.get(runnable.id);
    if (entry?.state === 'ready') return;
    if (entry?.state === 'running') entry.again = true;
    else if (entry?.state === 'sleeping' && at !== undefined && at >= entry.dueAt) return;
    else if (at !== undefined && at > this.#clock.now()) this.#sleep(runnable, at);
    else this.#makeReady(runnable, false);
  }

  serve(advance: Advance): void {
    this.#advance = advance;
    this.#dispatch();
  }

  drain(): Promise<void> {
    this.#draining = true;
    this.#due.stop();
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#drained = resolve));
  }

  statistics(): EngineStatistics {
    return {
      running: this.#running,
      ready: this.#ready.size,
      queued: this.#queued,
      taken: this.#taken,
      sleeping: this.#sleeping,
    };
  }

  #set(entry: Entry): void {
    this.#forget(entry.id);
    if (entry.isQueued) this.#queued++;
    if (entry.state === 'sleeping') this.#sleeping++;
    this.#entries.set(entry.id, entry);
  }

  #forget(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    if (entry.isQueued) this.#queued--;
    if (entry.state === 'sleeping') this.#sleeping--;
    this.#entries.delete(id);
  }

  #makeReady(runnable: Runnable, isQueued: boolean): void {
    const { tenant, id, priority } = runnable;
    this.#set({ tenant, id, priority, isQueued, state: 'ready' });
    this.#ready.add(runnable);
    this.#dispatch();
  }

  #sleep({ tenant, id, priority }: Runnable, dueAt: number): void {
    this.#set({ tenant, id, priority, isQueued: false, state: 'sleeping', dueAt });
    this.#due.add(id, dueAt);
  }

  #sleepsUntil(id: string, at: number): boolean {
    const entry = this.#entries.get(id);
    return entry?.state === 'sleeping' && entry.dueAt === at;
  }

  #wakeUp(id: string): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#makeReady(entry, false);
  }

  #dispatch(): void {
    const advance = this.#advance;
    if (advance === null || this.#draining) return;
    while (this.#running < this.#settings.maxConcurrentExecutions && this.#beginning < maxBeginning) {
      const next = this.#ready.take();
      if (next === undefined) return;
      const { tenant, id, priority } = next;
      this.#running++;
      if (this.#entries.get(id)?.isQueued === true) this.#taken++;
      this.#set({ tenant, id, priority, isQueued: false, state: 'running', again: false });
      this.#begin(next, advance);
    }
  }

  #begin(runnable: Runnable, advance: Advance): void {
    this.#beginning++;
    let isBegun = false;
    const begun = (): void => {
      if (isBegun) return;
      isBegun = true;
      this.#beginning--;
      this.#dispatch();
    };
    this.#follow(runnable, () => advance(runnable, begun).finally(begun));
  }

  #follow(runnable: Runnable, advance: () => Promise<Advanced>): void {
    advance().then(
      (advanced) => this.#after(runnable, advanced.kind === 'parked' ? advanced.wakeAt : null),
      () => this.#after(runnable, this.#clock.now() + retryPauseMs),
    );
  }

  #after(runnable: Runnable, wakeAt: number | null): void {
    const entry = this.#entries.get(runnable.id);
    const again = entry?.state === 'running' && entry.again;
    this.#forget(runnable.id);
    if (again) this.wake(runnable);
    else if (wakeAt !== null) this.wake(runnable, wakeAt);
    this.#vacate();
  }

  #vacate(): void {
    this.#running--;
    if (this.#draining && this.#running === 0) this.#drained();
    this.#dispatch();
  }
}
