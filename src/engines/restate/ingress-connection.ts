import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';

/** A node that does not answer for so long is taken for gone; what it may have got is sent again, under the same key. */
const answerMs = 5_000;
/** What is shown of an answer that refuses. */
const maxShown = 500;

/** A session, and how many requests on it are not over. */
interface Open {
  readonly session: ClientHttp2Session;
  requests: number;
}

/**
 * The connection to one node of Restate, for all that is handed over to it: HTTP/2 carries any number of requests side by side, for
 * about half of what HTTP/1.1 costs on both ends.
 *
 * It is opened by the first request, and again by the next one after it was lost. A process may end while it is idle.
 */
export class IngressConnection implements Disposable {
  readonly #node: URL;
  #open: Open | null = null;
  #isClosed = false;

  constructor(url: string) {
    this.#node = new URL(url);
  }

  /** Resolves when the node has taken it; rejects with what it answered, or why it did not. */
  post(path: string, headers: Readonly<Record<string, string>>, body: string): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error(`The connection to ${this.#node.host} is closed.`));
    return new Promise((resolve, reject) => {
      const open = this.#connected();
      const { session } = open;
      const stream = session.request({
        [constants.HTTP2_HEADER_METHOD]: constants.HTTP2_METHOD_POST,
        [constants.HTTP2_HEADER_PATH]: path,
        'content-type': 'application/json',
        ...headers,
      } satisfies OutgoingHttpHeaders);
      open.requests += 1;
      if (open.requests === 1) session.ref();
      // Half open, it would swallow the next ones too.
      stream.setTimeout(answerMs, () =>
        session.destroy(new Error(`${this.#node.host} did not answer in ${answerMs} ms`)),
      );
      stream.on('response', ({ ':status': status = 0 }) => {
        if (status >= 200 && status < 300) {
          stream.resume();
          stream.on('end', resolve);
        } else readShort(stream, (text) => reject(new Error(`${this.#node.host} answered ${status} ${text}`)));
      });
      stream.on('error', reject);
      stream.on('close', () => {
        open.requests -= 1;
        if (open.requests === 0) session.unref();
        reject(new Error(`${this.#node.host} ended the connection without an answer`));
      });
      stream.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#open?.session.destroy();
  }

  #connected(): Open {
    // One that was destroyed says so only later.
    if (this.#open !== null && !this.#open.session.closed && !this.#open.session.destroyed) return this.#open;
    const open: Open = { session: connect(this.#node), requests: 0 };
    this.#open = open;
    const leave = (): void => {
      if (this.#open === open) this.#open = null;
    };
    // Each request is told of it.
    open.session.on('error', leave);
    open.session.on('close', leave);
    // What is under way is still answered; the node takes nothing new here.
    open.session.on('goaway', leave);
    return open;
  }
}

function readShort(stream: ClientHttp2Stream, then: (text: string) => void): void {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => (text = (text + chunk).slice(0, maxShown)));
  stream.on('end', () => then(text));
}
