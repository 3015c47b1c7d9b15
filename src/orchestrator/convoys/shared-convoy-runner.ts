import { LRUCache } from 'lru-cache';
import type { Bus } from '../../bus/bus.ts';
import type { Engine } from '../../engines/engine.ts';
import type { StartAdvice, Starts } from '../../flow/starts.ts';
import type { Clock, Timer } from '../../kernel/clock.ts';
import type { Faults } from '../../kernel/faults.ts';
import type { IdSource } from '../../kernel/id.ts';
import type { DurationDistribution } from '../../telemetry/histogram.ts';
import type { Convoy } from '../../work/convoy.ts';
import type { ConvoyStore, CreatedConvoy, DueConvoy, NewConvoy, SharedConvoys } from '../../work/convoy-store.ts';
import type { WorkItemStore } from '../../work/work-item-store.ts';
import type { Commands } from '../commands.ts';
import { ConvoyEnds } from './convoy-ends.ts';
import { parentReason, timeoutReason } from './convoy-keeper.ts';
import type { ConvoyKeeper, ConvoyStatistics } from './convoy-keeper.ts';
import type { ItemEnd } from './course.ts';

export interface SharedConvoyRunnerParts {
  readonly store: ConvoyStore;
  readonly shared: SharedConvoys;
  readonly workItems: Pick<WorkItemStore, 'get'>;
  readonly engine: Pick<Engine, 'start' | 'wake'>;
  readonly commands: Pick<Commands, 'cancelled'>;
  readonly starts: Pick<Starts, 'advise' | 'started' | 'onChange'>;
  readonly bus: Pick<Bus, 'publish'>;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly faults: Faults;
  /** Hears why something could not be done that will be tried again. */
  readonly onError: (error: unknown) => void;
}

/** How often those are looked for that nobody goes on with: their process died, they are out of time, places were added. */
const passEveryMs = 1_000;
const pageSize = 100;
/** Whose end somebody waits for is looked at so often. */
const endEveryMs = 500;
/** Convoys that are kept at hand; what is asked of them does not change. */
const maxKept = 1_000;
/** Nobody notes here from when an item could have started. */
const nothing: DurationDistribution = { count: 0, sumMs: 0, p50Ms: 0, p99Ms: 0, buckets: [] };

/**
 * Has the convoys of a fleet go on. No process owns one.
 *
 * V1  The rows are all there is: whoever sees an item end starts what may start now, in a transaction that has the convoy's row, so
 *     that all processes together start no item twice and not more than may run.
 * V2  Who saw the end may die before it starts anything, so processes that tend look for convoys that have something ready.
 * V3  Each convoy has as many places as the process that starts its items advises; how many executions run in all is the engine's to
 *     bound, fair over tenants.
 */
export class SharedConvoyRunner implements ConvoyKeeper {
  readonly #parts: SharedConvoyRunnerParts;
  readonly #kept = new LRUCache<string, Convoy>({ max: maxKept });
  readonly #ends = new ConvoyEnds();
  readonly #awaited = new Map<string, { readonly tenant: string; count: number }>();
  readonly #timers = new Set<Timer>();
  #pass: Timer | null = null;
  #endTimer: Timer | null = null;
  #unsubscribe: () => void = () => {};
  #isServing = false;
  #isStopped = false;
  #due: readonly DueConvoy[] = [];

  constructor(parts: SharedConvoyRunnerParts) {
    this.#parts = parts;
  }

  /** The rows are looked at when they are needed. */
  load(): Promise<void> {
    return Promise.resolve();
  }

  serve(): void {
    this.#isServing = true;
    this.#unsubscribe = this.#parts.starts.onChange(() => this.#look());
    this.#look();
  }

  async create(tenant: string, made: NewConvoy): Promise<CreatedConvoy> {
    const { store, faults } = this.#parts;
    faults.at('submit.before');
    const created = await store.create(tenant, made);
    faults.at('submit.after');
    if (!created.existing) this.#goOn(tenant, made.convoy);
    return created;
  }

  async stop(tenant: string, id: string, status: 'cancelled' | 'failed', reason: string): Promise<boolean> {
    const { store, commands, faults, engine } = this.#parts;
    faults.at('cancel.before');
    const { changed, children } = await store.stop(tenant, id, status, reason);
    faults.at('cancel.after');
    for (const child of children) commands.cancelled(tenant, child.id, child.priority, reason);
    this.#ends.tell(id);
    const parent = (await this.#find(tenant, id))?.parent ?? null;
    if (parent !== null) engine.wake({ tenant, id: parent.executionId, priority: 0 });
    return changed;
  }

  async retry(tenant: string, id: string, commandId?: string): Promise<void> {
    const { store, faults } = this.#parts;
    faults.at('retry.before');
    await store.retry(tenant, id, commandId);
    faults.at('retry.after');
    const convoy = await this.#find(tenant, id);
    if (convoy !== null) this.#goOn(tenant, convoy);
  }

  ended(tenant: string, _executionId: string, _end: ItemEnd, itemId: string | null): boolean {
    if (itemId === null) return false;
    this.#afterItem(tenant, itemId).catch(this.#parts.onError);
    return true;
  }

  /** No process knows without asking the rows. */
  progress(): null {
    return null;
  }

  advice({ parallelism, limits }: Convoy): StartAdvice {
    return this.#parts.starts.advise(parallelism, limits);
  }

  onEnd(tenant: string, id: string, listener: () => void): () => void {
    const unlisten = this.#ends.listen(id, listener);
    const awaited = this.#awaited.get(id) ?? { tenant, count: 0 };
    awaited.count += 1;
    this.#awaited.set(id, awaited);
    this.#watchEnds();
    return () => {
      unlisten();
      awaited.count -= 1;
      if (awaited.count === 0) this.#awaited.delete(id);
    };
  }

  /** Of convoys that wait for somebody to go on with them, as they were found last. */
  statistics(): ConvoyStatistics {
    const sum = (of: (convoy: DueConvoy) => number): number => this.#due.reduce((total, one) => total + of(one), 0);
    return {
      convoys: this.#due.length,
      running: sum(({ inProgress }) => inProgress),
      waiting: { ready: sum(({ ready }) => ready), blocked: 0 },
      starts: nothing,
    };
  }

  [Symbol.dispose](): void {
    this.#isServing = false;
    this.#isStopped = true;
    this.#unsubscribe();
    this.#pass?.cancel();
    this.#endTimer?.cancel();
    for (const timer of this.#timers) timer.cancel();
  }

  async #afterItem(tenant: string, itemId: string): Promise<void> {
    const item = await this.#parts.workItems.get(tenant, itemId);
    const convoyId = item?.convoyId ?? null;
    const convoy = convoyId === null ? null : await this.#find(tenant, convoyId);
    if (convoy === null) return;
    await this.#start(tenant, convoy, null);
    const parent = convoy.parent;
    // Its last item may have been this one: the maker's signal is stored with it, and the engine is told of that.
    if (parent !== null) this.#parts.engine.wake({ tenant, id: parent.executionId, priority: 0 });
  }

  #goOn(tenant: string, convoy: Convoy): void {
    this.#start(tenant, convoy, null).catch(this.#parts.onError);
  }

  /** Starts what may start. `inProgress`: as many run, as far as is known; null where nobody counted. */
  async #start(tenant: string, convoy: Convoy, inProgress: number | null): Promise<void> {
    const { shared, starts, clock, ids, bus, engine, faults } = this.#parts;
    const { places, nextStartAt, startDelayMs } = this.advice(convoy);
    const now = clock.now();
    if (this.#isStopped) return;
    if (nextStartAt > now) {
      this.#later(nextStartAt - now, () => this.#goOn(tenant, convoy));
      return;
    }
    // While starts keep their distance it is one at a time, and who counted knows which is the next.
    const allowed = startDelayMs > 0 ? Math.min(places, (inProgress ?? 0) + 1) : places;
    faults.at('submit.before');
    const children = await shared.startReady(tenant, convoy.id, { allowed, at: now, ids });
    faults.at('submit.after');
    for (const { executionId: id, priority } of children) {
      starts.started();
      bus.publish({ kind: 'committed', tenant, executionId: id });
      engine.start({ tenant, id, priority });
    }
  }

  /** Looks for all that somebody has to do something for. */
  #look(): void {
    if (!this.#isServing) return;
    this.#pass?.cancel();
    this.#pass = this.#parts.clock.setTimer(passEveryMs, () => this.#look());
    this.#visit().catch(this.#parts.onError);
  }

  async #visit(): Promise<void> {
    const { shared, clock } = this.#parts;
    const all: DueConvoy[] = [];
    for (let after = 0; this.#isServing;) {
      const page = await shared.due(clock.now(), { after, limit: pageSize });
      for (const due of page) await this.#tend(due);
      all.push(...page);
      const last = page.at(-1);
      if (last === undefined || page.length < pageSize) break;
      after = last.no;
    }
    this.#due = all;
  }

  async #tend({ tenant, convoy, parentStatus, inProgress, ready }: DueConvoy): Promise<void> {
    if (parentStatus === 'cancelled') await this.stop(tenant, convoy.id, 'cancelled', parentReason);
    else if (convoy.deadlineAt !== null && convoy.deadlineAt <= this.#parts.clock.now())
      await this.stop(tenant, convoy.id, 'failed', timeoutReason(convoy));
    else if (ready > 0) await this.#start(tenant, convoy, inProgress);
  }

  #later(ms: number, then: () => void): void {
    const timer = this.#parts.clock.setTimer(ms, () => {
      this.#timers.delete(timer);
      then();
    });
    this.#timers.add(timer);
  }

  #watchEnds(): void {
    if (this.#isStopped || this.#awaited.size === 0) return;
    this.#endTimer ??= this.#parts.clock.setTimer(endEveryMs, () => {
      this.#endTimer = null;
      this.#tellEnds()
        .catch(this.#parts.onError)
        .finally(() => this.#watchEnds());
    });
  }

  async #tellEnds(): Promise<void> {
    for (const [id, { tenant }] of this.#awaited) {
      const convoy = await this.#parts.store.get(tenant, id);
      if (convoy === null || convoy.status !== 'running') this.#ends.tell(id);
    }
  }

  /** What is asked of a convoy; its status is that of some time. */
  async #find(tenant: string, id: string): Promise<Convoy | null> {
    const key = `${tenant} ${id}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const convoy = await this.#parts.store.get(tenant, id);
    if (convoy !== null) this.#kept.set(key, convoy);
    return convoy;
  }
}
