import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** After this a connection of which nothing is heard is asked whether its other end still lives. */
const keepAliveMs = 60_000;

/**
 * One client of a stream, on the bare response. It has no timer of its own: `Streams` visits it.
 *
 * E1  At most `maxQueueBytes` and one event wait for the client; who writes more has to wait for `room`.
 * E2  When the connection is gone, `signal` aborts at once, and nothing here is held by anybody.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #maxQueueBytes: number;
  readonly #gone = new AbortController();
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null;
  #isEnding = false;
  #visitsWithoutRoom = 0;

  constructor(response: ServerResponse, maxQueueBytes: number, onClose: () => void) {
    this.#response = response;
    this.#maxQueueBytes = maxQueueBytes;
    response.on('close', () => {
      this.#gone.abort();
      this.#makeRoom();
      onClose();
    });
    // Nobody tells of a connection that was gone before.
    if (response.destroyed) process.nextTick(() => response.emit('close'));
    // What fails while it is written is heard of by the closing of the connection.
    response.on('error', () => {});
  }

  /** Aborts when nothing more can be told, whoever ended it. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  open(headers: OutgoingHttpHeaders): void {
    this.#response.socket?.setKeepAlive(true, keepAliveMs);
    this.#response.writeHead(200, headers);
    // Written by itself it is one piece of memory afterwards; in front of something else it stays the eighty it was made of.
    this.#response.flushHeaders();
  }

  write(text: string): void {
    if (this.#isEnding || this.signal.aborted || text === '') return;
    this.#response.write(text);
    if (this.#response.writableLength <= this.#maxQueueBytes || this.#room !== null) return;
    this.#room = Promise.withResolvers();
    this.#response.once('drain', () => this.#makeRoom());
  }

  /** Resolves when more may be written, or when nobody is there any more; null when it may be at once. */
  get room(): Promise<void> | null {
    return this.#room?.promise ?? null;
  }

  /** Says a last thing and hangs up. Who does not even take that is cut off. */
  end(last = ''): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#gone.abort();
    this.#makeRoom();
    this.#response.end(last);
  }

  /** Hangs up without a word. */
  destroy(): void {
    this.#response.destroy();
  }

  /** Comes by now and then with a sign of life; true when the client was too slow since the last visit and the one before. */
  visit(comment: string): boolean {
    if (this.#room === null) {
      this.#visitsWithoutRoom = 0;
      this.write(comment);
      return false;
    }
    return ++this.#visitsWithoutRoom > 1;
  }

  /** Whether it was ended and the client has not taken the rest yet. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  #makeRoom(): void {
    this.#room?.resolve();
    this.#room = null;
  }
}
