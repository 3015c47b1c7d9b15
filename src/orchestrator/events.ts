import type { Bus, LiveEvent } from '../bus/bus.ts';
import { isEnded } from '../work/execution.ts';
import type { ExecutionReports } from '../work/execution-store.ts';
import type { Journaled, MessageRecord, StatusRecord, StepRecord } from '../work/journal.ts';
import type { Delta } from '../workflows/run-services.ts';

/**
 * What an execution tells. Stored ones (`message`, `status`, `step`) carry `seq`, without gaps from 1; text as it streams
 * has none. `done` is the last, with the last `seq`.
 */
export type SquadraEvent =
  | ({ readonly event: 'message' } & Journaled<MessageRecord>)
  | ({ readonly event: 'status' } & Journaled<StatusRecord>)
  | ({ readonly event: 'step' } & Journaled<StepRecord>)
  | ({ readonly event: 'text-delta' } & Delta)
  | { readonly event: 'done'; readonly seq: number };

export interface EventOptions {
  /** Events with a higher `seq` only. */
  readonly after?: number;
  /** Whether to go on until the execution has ended; false ends with what is stored now. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

const pageSize = 500;
/** Deltas kept for a slow reader; the stored answer makes up for what is dropped. */
const maxBuffered = 1_000;

/** Every stored event after `after`, once and in order, with the text that streams meanwhile; ends with `done`. */
export async function* executionEvents(
  { reports, bus }: { readonly reports: ExecutionReports; readonly bus: Bus },
  tenant: string,
  id: string,
  { after = 0, follow = true, signal }: EventOptions,
): AsyncGenerator<SquadraEvent, void, void> {
  const live = new LiveFeed(bus, id, signal);
  let last = after;
  try {
    for (;;) {
      live.isStale = false;
      const end = yield* storedAfter(reports, tenant, id, last);
      const mayBeOver = end.isEnd || end.last === after;
      last = end.last;
      yield* live.takeDeltas();
      if (mayBeOver && (await isOver(reports, tenant, id))) {
        // What was retried and has ended again meanwhile left more records.
        const more = await reports.records(tenant, id, last, 1);
        if (more.length > 0) continue;
        yield { event: 'done', seq: last };
        return;
      }
      if (!follow || signal?.aborted === true) return;
      await live.next();
    }
  } finally {
    live.close();
  }
}

/** Everything stored above a number; tells the last number, and whether its record ends the execution. */
async function* storedAfter(
  reports: ExecutionReports,
  tenant: string,
  id: string,
  after: number,
): AsyncGenerator<SquadraEvent, { readonly last: number; readonly isEnd: boolean }, void> {
  let last = after;
  let isEnd = false;
  for (;;) {
    const page = await reports.records(tenant, id, last, pageSize);
    for (const record of page) {
      last = record.seq;
      isEnd = record.kind === 'status' && isEnded(record.status);
      yield eventOf(record);
    }
    if (page.length < pageSize) return { last, isEnd };
  }
}

/** A failed execution that was retried has ended once, and goes on. */
async function isOver(reports: ExecutionReports, tenant: string, id: string): Promise<boolean> {
  const execution = await reports.get(tenant, id);
  return execution === null || isEnded(execution.status);
}

function eventOf(record: Journaled): SquadraEvent {
  switch (record.kind) {
    case 'message':
      return { event: 'message', ...record };
    case 'status':
      return { event: 'status', ...record };
    case 'step':
      return { event: 'step', ...record };
  }
}

/** What the bus brings while nobody looks. */
class LiveFeed {
  isStale = true;
  #deltas: Delta[] = [];
  #wake: () => void = () => {};
  readonly #unsubscribe: () => void;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#wake();

  constructor(bus: Bus, id: string, signal: AbortSignal | undefined) {
    this.#unsubscribe = bus.subscribe(id, (event) => this.#take(event));
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort);
  }

  /** Resolves when there is something to look at. */
  next(): Promise<void> {
    if (this.isStale || this.#deltas.length > 0 || this.#signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => (this.#wake = resolve));
  }

  *takeDeltas(): Generator<SquadraEvent, void, void> {
    const deltas = this.#deltas;
    this.#deltas = [];
    for (const delta of deltas) yield { event: 'text-delta', ...delta };
  }

  close(): void {
    this.#unsubscribe();
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  #take(event: LiveEvent): void {
    if (event.kind === 'committed') this.isStale = true;
    else if (this.#deltas.length < maxBuffered) this.#deltas.push(event);
    this.#wake();
  }
}
