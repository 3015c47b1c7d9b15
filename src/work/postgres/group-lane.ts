import { SquadraError } from '../../kernel/errors.ts';
import type { DurationHistogram } from '../../telemetry/histogram.ts';

interface Entry<I, O> {
  readonly item: I;
  resolve(value: O): void;
  reject(error: unknown): void;
}

export interface LaneSettings {
  readonly maxPendingWrites: number;
  /** Groups on their way at a time, and operations in one of them. */
  readonly maxGroups: number;
  readonly maxSize: number;
  /** How long groups took. */
  readonly durations: DurationHistogram;
}

/** So many are worth a statement of their own at any time. */
const enough = 16;
const longestRestMs = 10;

/** Whoever came next would wait as long. */
function isAway(error: unknown): boolean {
  return error instanceof SquadraError && (error.code === 'STORE_UNAVAILABLE' || error.code === 'POOL_EXHAUSTED');
}

/**
 * Gathers operations of one kind while groups of them are on their way, and sends each group as one statement.
 *
 * L1  Two operations of one key are never on their way together, and go in their order.
 * L2  One that is refused harms no other. When a whole statement fails, each is tried alone once; where the database is away, the
 *     first one finds that out for all.
 * L3  A statement costs about the same for one operation as for many. So after one for few the lane rests as long as that took, and
 *     gathers: under load latency is at most twice what it would be, and the database has half the work or less. An operation that
 *     finds the lane idle goes at once, and so do enough of them.
 */
export class GroupLane<I, O> {
  readonly #run: (items: readonly I[]) => Promise<readonly (O | SquadraError)[]>;
  readonly #keyOf: (item: I) => string;
  readonly #settings: LaneSettings;
  readonly #busy = new Set<string>();
  #queue: Entry<I, O>[] = [];
  #underway = 0;
  #pending = 0;
  #operations = 0;
  #groups = 0;
  #isPlanned = false;
  #isResting = false;

  constructor(
    run: (items: readonly I[]) => Promise<readonly (O | SquadraError)[]>,
    keyOf: (item: I) => string,
    settings: LaneSettings,
  ) {
    this.#run = run;
    this.#keyOf = keyOf;
    this.#settings = settings;
  }

  add(item: I): Promise<O> {
    const { maxPendingWrites } = this.#settings;
    if (this.#pending >= maxPendingWrites)
      return Promise.reject(
        new SquadraError(
          'WRITES_SATURATED',
          `${maxPendingWrites} writes wait for the database; nothing of this one was stored.`,
        ),
      );
    this.#pending++;
    this.#operations++;
    return new Promise((resolve, reject) => {
      this.#queue.push({ item, resolve, reject });
      this.#plan();
    });
  }

  statistics() {
    return { pending: this.#pending, operations: this.#operations, groups: this.#groups };
  }

  /** At the end of the turn, so that what is asked for in one turn goes together. */
  #plan(): void {
    if (this.#isPlanned || this.#underway >= this.#settings.maxGroups || this.#queue.length === 0) return;
    if (this.#queue.length < enough && (this.#isResting || this.#underway > 0)) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      this.#send();
    });
  }

  #rest(tookMs: number): void {
    this.#isResting = true;
    setTimeout(
      () => {
        this.#isResting = false;
        this.#plan();
      },
      Math.min(tookMs, longestRestMs),
    );
  }

  #send(): void {
    const group: Entry<I, O>[] = [];
    const later: Entry<I, O>[] = [];
    for (const entry of this.#queue) {
      const key = this.#keyOf(entry.item);
      if (group.length >= this.#settings.maxSize || this.#busy.has(key)) later.push(entry);
      else {
        this.#busy.add(key);
        group.push(entry);
      }
    }
    this.#queue = later;
    if (group.length === 0) return;
    this.#underway++;
    this.#groups++;
    const sentAt = performance.now();
    void this.#go(group).finally(() => {
      const tookMs = performance.now() - sentAt;
      this.#settings.durations.observe(tookMs);
      this.#underway--;
      if (group.length < enough) this.#rest(tookMs);
      this.#pending -= group.length;
      for (const { item } of group) this.#busy.delete(this.#keyOf(item));
      this.#plan();
    });
    this.#plan();
  }

  async #go(group: readonly Entry<I, O>[]): Promise<void> {
    try {
      await this.#tell(group);
    } catch (error) {
      if (group.length === 1) group[0]?.reject(error);
      else await this.#goAlone(group);
    }
  }

  async #goAlone(group: readonly Entry<I, O>[]): Promise<void> {
    let away: unknown = null;
    for (const entry of group) {
      if (away !== null) {
        entry.reject(away);
        continue;
      }
      try {
        await this.#tell([entry]);
      } catch (error) {
        entry.reject(error);
        if (isAway(error)) away = error;
      }
    }
  }

  async #tell(group: readonly Entry<I, O>[]): Promise<void> {
    const outcomes = await this.#run(group.map(({ item }) => item));
    for (const [place, entry] of group.entries()) {
      const outcome = outcomes[place];
      if (outcome instanceof SquadraError) entry.reject(outcome);
      // One outcome for each.
      else entry.resolve(outcome as O);
    }
  }
}
