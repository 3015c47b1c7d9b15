import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** An answer as it came; `head` in lower case. */
export interface Answer {
  readonly status: number;
  readonly head: string;
  /** Latin-1: enough to find ids in it. */
  readonly body: string;
}

export type OnAnswer = (answer: Answer | Error) => void;

/** Read in turn by all connections: what is in it is taken before the next one reads. */
const incoming = Buffer.allocUnsafe(64 * 1024);
/** Well before the server gives up a connection, as good clients do: it closes them while it is asked otherwise. */
const longestIdleMs = 30_000;
const endOfHead = '\r\n\r\n';

/**
 * One kept-alive HTTP/1.1 connection to this machine, one request at a time. It costs a quarter of the CPU of `node:http`: on
 * two cores, what the generator takes is missing where it is measured. It reads what our server sends and nothing else:
 * bodies with a length.
 */
export class Connection {
  readonly #socket: Socket;
  #text = '';
  #onAnswer: OnAnswer | null = null;
  #isClosed = false;
  /** Since when nothing is asked on it. */
  #idleSince = performance.now();

  constructor(port: number) {
    const onread = { buffer: incoming, callback: (bytes: number) => this.#take(incoming.toString('latin1', 0, bytes)) };
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true, onread });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('The server closed the connection.')));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether nothing was asked on it for so long that the server may be about to close it. */
  isStale(): boolean {
    return performance.now() - this.#idleSince > longestIdleMs;
  }

  /** Sends a whole request, head and body. */
  send(request: string, onAnswer: OnAnswer): void {
    this.#onAnswer = onAnswer;
    this.#socket.write(request);
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #take(text: string): boolean {
    this.#text = this.#text === '' ? text : this.#text + text;
    const bodyAt = this.#text.indexOf(endOfHead) + endOfHead.length;
    if (bodyAt < endOfHead.length) return true;
    const head = this.#text.slice(0, bodyAt).toLowerCase();
    const status = Number(head.slice(9, 12));
    const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? (status === 204 ? 0 : NaN));
    if (Number.isNaN(length)) {
      this.close();
      this.#fail(new Error(`An answer has no length: ${head}`));
      return false;
    }
    if (this.#text.length < bodyAt + length) return true;
    const answer = { status, head, body: this.#text.slice(bodyAt, bodyAt + length) };
    this.#text = '';
    if (head.includes('\r\nconnection: close')) this.close();
    this.#answer(answer);
    return true;
  }

  #fail(error: Error): void {
    this.#isClosed = true;
    this.#answer(error);
  }

  #answer(answer: Answer | Error): void {
    const onAnswer = this.#onAnswer;
    this.#onAnswer = null;
    this.#idleSince = performance.now();
    onAnswer?.(answer);
  }
}

/** Connections that are opened as they are needed, up to a number; requests beyond it wait their turn here. */
export class Connections {
  readonly #port: number;
  readonly #most: number;
  readonly #free: Connection[] = [];
  #waiting: { readonly request: string; readonly onAnswer: OnAnswer }[] = [];
  /** Of those, the first that still waits: taking one off the front of a long array moves all the others. */
  #first = 0;
  #open = 0;
  #mostWaiting = 0;

  constructor(port: number, most: number) {
    this.#port = port;
    this.#most = most;
  }

  /** How many were opened, and how many requests had to wait for one. */
  get use(): { readonly open: number; readonly mostWaiting: number } {
    return { open: this.#open, mostWaiting: this.#mostWaiting };
  }

  send(request: string, onAnswer: OnAnswer): void {
    const connection = this.#take();
    if (connection !== null) {
      this.#sendOn(connection, request, onAnswer);
      return;
    }
    this.#waiting.push({ request, onAnswer });
    this.#mostWaiting = Math.max(this.#mostWaiting, this.#waiting.length - this.#first);
  }

  close(): void {
    for (const connection of this.#free) connection.close();
  }

  #take(): Connection | null {
    for (;;) {
      // The one used last: its socket is the warmest, and those that are not needed stay unopened.
      const free = this.#free.pop();
      if (free === undefined) break;
      if (!free.isClosed && !free.isStale()) return free;
      free.close();
      this.#open -= 1;
    }
    if (this.#open >= this.#most) return null;
    this.#open += 1;
    return new Connection(this.#port);
  }

  #sendOn(connection: Connection, request: string, onAnswer: OnAnswer): void {
    connection.send(request, (answer) => {
      this.#free.push(connection);
      onAnswer(answer);
      const next = this.#waiting.length === this.#first ? null : this.#take();
      if (next === null) return;
      const waiting = this.#waiting[this.#first++];
      if (waiting === undefined) this.#free.push(next);
      else this.#sendOn(next, waiting.request, waiting.onAnswer);
      if (this.#first * 2 < this.#waiting.length) return;
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    });
  }
}

/** A request to send as it is. */
export function requestText(
  method: string,
  path: string,
  {
    key,
    body,
    headers = {},
  }: { readonly key?: string; readonly body?: unknown; readonly headers?: Record<string, string> },
): string {
  const text = body === undefined ? '' : JSON.stringify(body);
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    ...(key === undefined ? [] : [`authorization: Bearer ${key}`]),
    ...(body === undefined ? [] : ['content-type: application/json', `content-length: ${Buffer.byteLength(text)}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  // Sent as UTF-8, as `net` does with strings.
  return `${lines.join('\r\n')}\r\n\r\n${text}`;
}
