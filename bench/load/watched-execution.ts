import { dataOf } from './event-stream.ts';
import type { ServerEvent } from './event-stream.ts';

/**
 * What a client saw of one execution, and whether it missed anything: stored events have to come as 1, 2, 3 … once each,
 * the text of a call without a hole, and `done` with the last number.
 */
export class WatchedExecution {
  lastSeq = 0;
  isDone = false;
  /** Pieces of text. */
  deltas = 0;
  status = '';
  #fault: string | null = null;
  readonly #calls = new Map<string, { attempt: number; length: number }>();

  /** What is wrong with what came so far; null when nothing is. */
  get fault(): string | null {
    return this.#fault;
  }

  /** Takes an event of the execution's own stream. */
  take(event: ServerEvent): void {
    if (this.isDone) this.#find(`'${event.event}' came after 'done'`);
    if (event.event === 'text-delta' || event.event === 'text-so-far') this.#takeText(event);
    else if (event.event === 'done') this.#takeDone(event);
    else this.takeStored(event, Number(event.id));
  }

  /** Takes a stored event, also one of a stream over many executions. */
  takeStored(event: ServerEvent, seq: number): void {
    if (seq !== this.lastSeq + 1) this.#find(`event ${seq} came after ${this.lastSeq}`);
    this.lastSeq = seq;
    if (event.event === 'status') ({ status: this.status } = dataOf(event) as { status: string });
  }

  #takeDone(event: ServerEvent): void {
    this.isDone = true;
    const seq = event.id === null ? (dataOf(event) as { seq: number }).seq : Number(event.id);
    if (seq !== this.lastSeq) this.#find(`'done' came with ${seq} after event ${this.lastSeq}`);
    this.#calls.clear();
  }

  #takeText(event: ServerEvent): void {
    // As the reference describes it.
    const { stepKey, attempt, offset, text } = dataOf(event) as {
      stepKey: string;
      attempt: number;
      offset: number;
      text: string;
    };
    this.deltas += 1;
    const known = this.#calls.get(stepKey);
    const isNew = known === undefined || attempt > known.attempt || event.event === 'text-so-far';
    const expected = isNew ? 0 : known.length;
    if (offset !== expected) this.#find(`text of ${stepKey} came from ${offset}, ${expected} was next`);
    this.#calls.set(stepKey, { attempt, length: offset + text.length });
  }

  #find(fault: string): void {
    this.#fault ??= fault;
  }
}
