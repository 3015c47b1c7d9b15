import type { Clock } from '../../../src/kernel/clock.ts';
import type { Outbox, OutboxCounts, OutboxRow, TakenRows } from '../../../src/work/outbox.ts';

const leaseMs = 10_000;

/** An outbox of several dispatchers, as far as they need one. */
export class MemoryOutbox implements Outbox {
  readonly rows = new Map<number, { readonly row: OutboxRow; dueAt: number | null }>();
  readonly marked: number[] = [];
  maxInFlight = 1_000;
  isBroken = false;
  /** How often somebody asked for rows. */
  asked = 0;
  readonly #clock: Clock;
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(...ids: readonly string[]): void {
    for (const executionId of ids) {
      const no = ++this.#last;
      this.rows.set(no, { row: { no, tenant: 't', executionId, priority: 0 }, dueAt: null });
    }
  }

  /** What a claim does. */
  claim(id: string): void {
    for (const [no, { row }] of this.rows) if (row.executionId === id) this.rows.delete(no);
  }

  async take(atMost: number): Promise<TakenRows> {
    this.#ask();
    const all = [...this.rows.values()];
    const waiting = all.filter(({ dueAt }) => dueAt === null);
    const room = this.maxInFlight - (all.length - waiting.length);
    const taken = waiting.slice(0, Math.max(0, Math.min(atMost, room)));
    for (const one of taken) one.dueAt = this.#clock.now() + leaseMs;
    const rows = taken.map(({ row }) => row);
    if (waiting.length === taken.length) return { rows, left: 'none' };
    return { rows, left: room <= taken.length ? 'full' : 'more' };
  }

  async takeOverdue(atMost: number): Promise<readonly OutboxRow[]> {
    this.#ask();
    const now = this.#clock.now();
    const overdue = [...this.rows.values()].filter(({ dueAt }) => dueAt !== null && dueAt <= now).slice(0, atMost);
    for (const one of overdue) one.dueAt = now + leaseMs;
    return overdue.map(({ row }) => row);
  }

  async handed(nos: readonly number[]): Promise<void> {
    this.marked.push(...nos);
    await this.defer(nos, this.#clock.now() + 60_000);
  }

  async defer(nos: readonly number[], until: number): Promise<void> {
    for (const no of nos) {
      const found = this.rows.get(no);
      if (found !== undefined) found.dueAt = until;
    }
  }

  async counts(): Promise<OutboxCounts> {
    this.#ask();
    const ready = [...this.rows.values()].filter(({ dueAt }) => dueAt === null).length;
    return { queued: this.rows.size, ready, taken: 0, running: 0 };
  }

  #ask(): void {
    this.asked += 1;
    if (this.isBroken) throw new Error('The database is gone.');
  }
}
