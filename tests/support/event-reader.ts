import { request } from 'node:http';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** One event as it came over the wire; `data` is parsed. */
export interface WireEvent {
  readonly event: string;
  readonly id: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a client heard: `comments` and `retryMs` beside its events. */
export interface EventReader extends Disposable {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** All that has come so far. */
  readonly events: readonly WireEvent[];
  /** As it came. */
  readonly text: string;
  /** The id that a browser would send when it comes again. */
  readonly lastId: string | null;
  /** Resolves with the first event that is so, also one that has come; rejects when the stream ends without. */
  until(isIt: (event: WireEvent) => boolean): Promise<WireEvent>;
  untilText(pattern: RegExp): Promise<void>;
  /** Resolves when the stream has ended, however it did, with all events. */
  ended(): Promise<readonly WireEvent[]>;
  pause(): void;
  resume(): void;
}

export interface ReaderOptions {
  readonly headers?: Readonly<Record<string, string>>;
}

/** Opens a stream; resolves when its answer has begun. */
export function readEvents(url: string, { headers = {} }: ReaderOptions = {}): Promise<EventReader> {
  const { promise, resolve, reject } = Promise.withResolvers<EventReader>();
  const asked = request(url, { headers, agent: false }, (answer) => resolve(new Reader(asked, answer)));
  asked.on('error', reject);
  asked.end();
  return promise;
}

class Reader implements EventReader {
  readonly #asked: ClientRequest;
  readonly #answer: IncomingMessage;
  readonly #ended: Promise<void>;
  #wake: (() => void)[] = [];
  #isOver = false;
  #rest = '';
  text = '';
  lastId: string | null = null;
  readonly events: WireEvent[] = [];

  constructor(asked: ClientRequest, answer: IncomingMessage) {
    this.#asked = asked;
    this.#answer = answer;
    answer.setEncoding('utf8');
    answer.on('data', (text: string) => this.#take(text));
    answer.on('error', () => {});
    asked.on('error', () => {});
    this.#ended = new Promise((resolve) =>
      answer.on('close', () => {
        this.#isOver = true;
        this.#tell();
        resolve();
      }),
    );
  }

  get status(): number {
    return this.#answer.statusCode ?? 0;
  }

  get headers(): IncomingHttpHeaders {
    return this.#answer.headers;
  }

  async until(isIt: (event: WireEvent) => boolean): Promise<WireEvent> {
    for (;;) {
      const found = this.events.find(isIt);
      if (found !== undefined) return found;
      await this.#more(`It ended without that event: ${this.text.slice(-500)}`);
    }
  }

  async untilText(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.text)) await this.#more(`It ended without ${String(pattern)}: ${this.text.slice(-500)}`);
  }

  async ended(): Promise<readonly WireEvent[]> {
    await this.#ended;
    return this.events;
  }

  pause(): void {
    this.#answer.pause();
  }

  resume(): void {
    this.#answer.resume();
  }

  [Symbol.dispose](): void {
    this.#asked.destroy();
  }

  #more(otherwise: string): Promise<void> {
    if (this.#isOver) throw new Error(otherwise);
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #take(text: string): void {
    this.text += text;
    this.#rest += text;
    for (let end = this.#rest.indexOf('\n\n'); end >= 0; end = this.#rest.indexOf('\n\n')) {
      this.#takeBlock(this.#rest.slice(0, end));
      this.#rest = this.#rest.slice(end + 2);
    }
    this.#tell();
  }

  #takeBlock(block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split('\n')) {
      const [, name = '', value = ''] = /^([^:]*):? ?([^]*)$/.exec(line) ?? [];
      fields.set(name, fields.has(name) ? `${fields.get(name)}\n${value}` : value);
    }
    const [id = null, data] = [fields.get('id'), fields.get('data')];
    if (id !== null) this.lastId = id;
    if (data === undefined || data === '[DONE]') return;
    this.events.push({ event: fields.get('event') ?? 'message', id, data: JSON.parse(data) as WireEvent['data'] });
  }

  #tell(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
