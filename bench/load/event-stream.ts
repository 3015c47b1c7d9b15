import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** One event of a stream. */
export interface ServerEvent {
  readonly id: string | null;
  readonly event: string;
  /** As it came, in Latin-1. */
  readonly data: string;
}

export interface StreamListener {
  /** The answer has begun, and it is a stream. */
  onOpen?(): void;
  onEvent(event: ServerEvent): void;
  /** It ended: `why` is what was wrong, null when the server ended the answer in order. */
  onEnd(why: Error | null): void;
}

/** Read in turn by all streams: what is in it is taken before the next one reads. */
const incoming = Buffer.allocUnsafe(64 * 1024);
const lineEnd = '\r\n';
const endOfHead = '\r\n\r\n';

/** An event stream over a connection of its own, read with as little as ten thousand of them allow. */
export class EventStream {
  readonly #socket: Socket;
  readonly #listener: StreamListener;
  #state: 'head' | 'body' | 'ended' = 'head';
  /** Read, and not yet taken apart: a part of the head, or of a chunk. */
  #text = '';
  /** Of the last event, what has come. */
  #event = '';

  /** Opens it with a whole GET request. */
  constructor(port: number, request: string, listener: StreamListener) {
    this.#listener = listener;
    const onread = { buffer: incoming, callback: (bytes: number) => this.#take(incoming.toString('latin1', 0, bytes)) };
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true, onread });
    this.#socket.on('error', (error) => this.#end(error));
    this.#socket.on('close', () => this.#end(new Error('The server closed a stream before its end.')));
    this.#socket.write(request);
  }

  /** Leaves without a word. */
  close(): void {
    this.#state = 'ended';
    this.#socket.destroy();
  }

  #take(text: string): boolean {
    this.#text = this.#text === '' ? text : this.#text + text;
    if (this.#state === 'head' && !this.#takeHead()) return true;
    while (this.#state === 'body' && this.#takeChunk());
    return true;
  }

  #takeHead(): boolean {
    const end = this.#text.indexOf(endOfHead);
    if (end < 0) return false;
    const head = this.#text.slice(0, end).toLowerCase();
    this.#text = this.#text.slice(end + endOfHead.length);
    if (!head.startsWith('http/1.1 200 ') || !head.includes('\r\ntransfer-encoding: chunked')) {
      this.#end(new Error(`No stream was opened: ${head.slice(0, head.indexOf(lineEnd))} ${this.#text}`));
      return false;
    }
    this.#state = 'body';
    this.#listener.onOpen?.();
    return true;
  }

  /** Takes one chunk apart; false when it has not come whole. */
  #takeChunk(): boolean {
    const begin = this.#text.indexOf(lineEnd) + lineEnd.length;
    if (begin < lineEnd.length) return false;
    const length = Number.parseInt(this.#text, 16);
    const end = begin + length + lineEnd.length;
    if (this.#text.length < end) return false;
    const chunk = this.#text.slice(begin, begin + length);
    this.#text = this.#text.slice(end);
    if (length === 0) this.#end(null);
    else this.#takeEvents(this.#event + chunk);
    return length > 0;
  }

  #takeEvents(text: string): void {
    let from = 0;
    for (;;) {
      const end = text.indexOf('\n\n', from);
      if (end < 0) break;
      const event = readEvent(text.slice(from, end));
      from = end + 2;
      if (event !== null) this.#listener.onEvent(event);
    }
    this.#event = text.slice(from);
  }

  #end(why: Error | null): void {
    if (this.#state === 'ended') return;
    this.close();
    this.#listener.onEnd(why);
  }
}

/** Null for what has no data, such as comments. */
function readEvent(block: string): ServerEvent | null {
  let id: string | null = null;
  let event = 'message';
  let data: string | null = null;
  for (const line of block.split('\n')) {
    if (line.startsWith('data:')) data = (data === null ? '' : `${data}\n`) + valueOf(line, 'data:');
    else if (line.startsWith('event:')) event = valueOf(line, 'event:');
    else if (line.startsWith('id:')) id = valueOf(line, 'id:');
  }
  return data === null ? null : { id, event, data };
}

function valueOf(line: string, field: string): string {
  return line.slice(line.charAt(field.length) === ' ' ? field.length + 1 : field.length);
}

/** What the data of an event says. */
export function dataOf({ data }: ServerEvent): unknown {
  return JSON.parse(/[^\0-\x7f]/.test(data) ? Buffer.from(data, 'latin1').toString() : data);
}
