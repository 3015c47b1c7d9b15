import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Principal } from '../../access/principal.ts';
import type { Settings } from '../../config/settings.ts';
import type { Clock, Timer } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { EventStream } from './event-stream.ts';

export interface StreamsParts {
  readonly settings: Pick<Settings, 'maxStreams' | 'maxStreamsPerCaller' | 'maxStreamQueueBytes'>;
  readonly clock: Clock;
  /** Calls `end` once when the principal may stay no longer; the returned function stops that. */
  readonly follow: (principal: Principal, end: () => void) => () => void;
}

export interface StreamRequest {
  readonly response: ServerResponse;
  readonly principal: Principal;
  readonly headers: OutgoingHttpHeaders;
  /** What a client is told that has to come again. */
  readonly farewell: string;
}

export interface StreamStatistics {
  readonly open: number;
  readonly callers: number;
  /** Clients that were let go because they did not read. */
  readonly tooSlow: number;
  readonly refused: number;
}

const visitEveryMs = 1_000;
/** Each stream is visited once in so many rounds: a comment every 15 seconds. */
const rounds = 15;
const comment = ':\n\n';
/** When to come again when there are too many. */
const retryAfterMs = 5_000;
/** How long clients have to take the last word when the server stops. */
const closingMs = 1_000;
/** Clients that lost their stream come again within this time, not all at once. */
const [firstRetryMs, retrySpreadMs] = [1_000, 2_000];

/**
 * All event streams of the server.
 *
 * T1  One timer for all: it visits a fifteenth of them every second.
 * T2  There are never more than the settings say, in total and for one caller.
 * T3  A stream that is gone is nowhere any more: what it held is let go when its connection closes.
 */
export class Streams {
  readonly #parts: StreamsParts;
  readonly #slots: readonly Set<EventStream>[] = Array.from({ length: rounds }, () => new Set<EventStream>());
  readonly #farewells = new WeakMap<EventStream, string>();
  readonly #byCaller = new Map<string, number>();
  #open = 0;
  #opened = 0;
  #round = 0;
  #tooSlow = 0;
  #refused = 0;
  #timer: Timer | null = null;
  #isClosed = false;
  #onEmpty: () => void = () => {};

  constructor(parts: StreamsParts) {
    this.#parts = parts;
  }

  get statistics(): StreamStatistics {
    return { open: this.#open, callers: this.#byCaller.size, tooSlow: this.#tooSlow, refused: this.#refused };
  }

  /** Throws `STREAMS_FULL`, `TOO_MANY_STREAMS` or `SHUTTING_DOWN` when one more may not be opened. */
  admit({ tenant, id }: Principal): void {
    const { maxStreams, maxStreamsPerCaller } = this.#parts.settings;
    if (this.#isClosed) throw new SquadraError('SHUTTING_DOWN', 'The server is stopping.');
    if (this.#open >= maxStreams) throw this.#refuse('STREAMS_FULL', `All ${maxStreams} event streams are taken.`);
    if ((this.#byCaller.get(callerOf(tenant, id)) ?? 0) >= maxStreamsPerCaller)
      throw this.#refuse('TOO_MANY_STREAMS', `You have ${maxStreamsPerCaller} event streams open already.`);
  }

  /** Begins to answer with a stream. Only after `admit`, in the same turn. */
  open({ response, principal, headers, farewell }: StreamRequest): EventStream {
    const caller = callerOf(principal.tenant, principal.id);
    const slot = this.#slots[this.#opened % rounds] ?? new Set();
    const close = (): void => {
      leave();
      slot.delete(stream);
      this.#count(caller, -1);
    };
    const stream = new EventStream(response, this.#parts.settings.maxStreamQueueBytes, close);
    const leave = this.#parts.follow(principal, () => stream.end(farewell));
    slot.add(stream);
    this.#farewells.set(stream, farewell);
    this.#count(caller, 1);
    stream.open(headers);
    const retryMs = firstRetryMs + ((this.#opened * 617) % retrySpreadMs);
    this.#opened++;
    stream.write(`retry: ${retryMs}\n\n`);
    this.#timer ??= this.#setTimer();
    return stream;
  }

  /** Tells every client to come again, and resolves when all have hung up or were cut off. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const gone = new Promise<void>((resolve) => (this.#onEmpty = resolve));
    for (const stream of this.#all()) {
      if (stream.room === null) stream.end(this.#farewells.get(stream));
      else stream.destroy();
    }
    const timer = this.#parts.clock.setTimer(closingMs, () => {
      for (const stream of this.#all()) stream.destroy();
    });
    if (this.#open > 0) await gone;
    timer.cancel();
    this.#timer?.cancel();
    this.#timer = null;
  }

  #all(): EventStream[] {
    return this.#slots.flatMap((slot) => [...slot]);
  }

  #count(caller: string, change: 1 | -1): void {
    this.#open += change;
    const count = (this.#byCaller.get(caller) ?? 0) + change;
    if (count === 0) this.#byCaller.delete(caller);
    else this.#byCaller.set(caller, count);
    if (this.#open > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
    this.#onEmpty();
  }

  #setTimer(): Timer {
    return this.#parts.clock.setTimer(visitEveryMs, () => {
      this.#round = (this.#round + 1) % rounds;
      for (const stream of this.#slots[this.#round] ?? []) this.#visit(stream);
      this.#timer = this.#open === 0 ? null : this.#setTimer();
    });
  }

  #visit(stream: EventStream): void {
    if (stream.isEnding) stream.destroy();
    else if (stream.visit(comment)) {
      this.#tooSlow++;
      stream.end(this.#farewells.get(stream));
    }
  }

  #refuse(code: 'STREAMS_FULL' | 'TOO_MANY_STREAMS', message: string): SquadraError {
    this.#refused++;
    return new SquadraError(code, message, { details: { retryAfterMs } });
  }
}

function callerOf(tenant: string, id: string): string {
  return `${tenant} ${id}`;
}
