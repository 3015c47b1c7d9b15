import type { Connections } from './connection.ts';
import { requestText } from './connection.ts';
import { dataOf, EventStream } from './event-stream.ts';
import type { ServerEvent } from './event-stream.ts';
import { WatchedExecution } from './watched-execution.ts';

export interface UserParts {
  readonly port: number;
  readonly connections: Connections;
  /** A stream was opened (1) or has ended (−1). */
  onStream(change: 1 | -1): void;
  onEvent(): void;
}

/** How one execution went. Times as of `performance.now()`. */
export interface UserRun {
  readonly acceptedAt: number;
  readonly doneAt: number;
  readonly events: number;
  readonly deltas: number;
}

/** Somebody with a key who watches what is theirs, hands in a request, and follows it to its end. */
export class User {
  readonly #key: string;
  readonly #parts: UserParts;
  #feed: EventStream | null = null;
  /** By execution, as the stream over all of them tells it. */
  readonly #fed = new Map<string, WatchedExecution>();
  #onFed: () => void = () => {};
  #fault: Error | null = null;

  constructor(key: string, parts: UserParts) {
    this.#key = key;
    this.#parts = parts;
  }

  /** Opens the stream over all executions of the user; resolves when it has begun. */
  openFeed(): Promise<void> {
    const { onStream, onEvent } = this.#parts;
    return new Promise((resolve, reject) => {
      this.#feed = this.#open('/api/v1/events', {
        onOpen: () => {
          onStream(1);
          resolve();
        },
        onEvent: (event) => {
          onEvent();
          this.#takeFed(event);
        },
        onEnd: (why) => {
          onStream(-1);
          this.#fault ??= why ?? new Error('The stream over all executions ended.');
          reject(this.#fault);
          this.#onFed();
        },
      });
    });
  }

  closeFeed(): void {
    if (this.#feed === null) return;
    this.#feed.close();
    this.#feed = null;
    this.#parts.onStream(-1);
  }

  /**
   * Hands in a request and follows it in a stream of its own; resolves when that and the stream over all executions have
   * told the same, to the end. Throws when it was not accepted, not completed, or something of it was missing.
   */
  async run(body: unknown, { keepsFeed }: { readonly keepsFeed: boolean }): Promise<UserRun> {
    const id = await this.#submit(body);
    const acceptedAt = performance.now();
    const watched = await this.#watch(id, keepsFeed ? () => {} : () => this.closeFeed());
    const doneAt = performance.now();
    const fault = watched.fault ?? (watched.status === 'completed' ? null : `it is ${watched.status}`);
    if (fault !== null) throw new Error(`Execution ${id}: ${fault}.`);
    if (keepsFeed) await this.#fedTo(id, watched.lastSeq);
    return { acceptedAt, doneAt, events: watched.lastSeq, deltas: watched.deltas };
  }

  #submit(body: unknown): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#parts.connections.send(requestText('POST', '/api/v1/executions', { key: this.#key, body }), (answer) => {
        if (answer instanceof Error) reject(answer);
        else if (answer.status !== 202) reject(new Error(`Not accepted: ${answer.status} ${answer.body}`));
        else resolve((JSON.parse(answer.body) as { id: string }).id);
      });
    });
  }

  #watch(id: string, onOpen: () => void): Promise<WatchedExecution> {
    const { onStream, onEvent } = this.#parts;
    const watched = new WatchedExecution();
    return new Promise((resolve, reject) => {
      this.#open(`/api/v1/executions/${id}/events`, {
        onOpen: () => {
          onStream(1);
          onOpen();
        },
        onEvent: (event) => {
          onEvent();
          watched.take(event);
        },
        onEnd: (why) => {
          onStream(-1);
          if (why === null && watched.isDone) resolve(watched);
          else reject(why ?? new Error(`The stream of execution ${id} ended without 'done'.`));
        },
      });
    });
  }

  async #fedTo(id: string, seq: number): Promise<void> {
    while (this.#fault === null && (this.#fed.get(id)?.lastSeq ?? 0) < seq)
      await new Promise<void>((resolve) => (this.#onFed = resolve));
    const fault = this.#fault?.message ?? this.#fed.get(id)?.fault ?? null;
    if (fault !== null) throw new Error(`Execution ${id}, in the stream over all: ${fault}.`);
    this.#fed.delete(id);
  }

  #takeFed(event: ServerEvent): void {
    // As the reference describes it.
    const { executionId, seq } = dataOf(event) as { executionId: string; seq: number };
    const watched = this.#fed.get(executionId) ?? new WatchedExecution();
    this.#fed.set(executionId, watched);
    watched.takeStored(event, seq);
    this.#onFed();
  }

  #open(path: string, listener: ConstructorParameters<typeof EventStream>[2]): EventStream {
    const headers = { accept: 'text/event-stream' };
    return new EventStream(this.#parts.port, requestText('GET', path, { key: this.#key, headers }), listener);
  }
}
