import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';

export interface EdgeClientOptions {
  readonly address: string;
  /** The only one that is believed. */
  readonly certificate: string;
  readonly key: string;
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** A client of the edge: HTTP/2 over TLS, all requests over one connection. */
export class EdgeClient implements AsyncDisposable {
  readonly #session: ClientHttp2Session;
  readonly #key: string;

  constructor({ address, certificate, key }: EdgeClientOptions) {
    this.#session = connect(address, { ca: certificate, servername: 'localhost' });
    // What breaks it breaks the requests on it, which tell.
    this.#session.on('error', () => {});
    this.#key = key;
  }

  async ask(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    let text = '';
    const status = await this.#request(method, path, body, headers, (chunk) => (text += chunk));
    return { status, body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : { text } };
  }

  /** What comes of a stream until its end, and when. */
  async listen(path: string): Promise<{ readonly atMs: number; readonly text: string }[]> {
    const chunks: { atMs: number; text: string }[] = [];
    await this.#request('GET', path, undefined, {}, (text) => chunks.push({ atMs: performance.now(), text }));
    return chunks;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session.destroy();
  }

  #request(
    method: string,
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
    take: (text: string) => void,
  ): Promise<number> {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({
        ':method': method,
        ':path': path,
        authorization: `Bearer ${this.#key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      });
      let status = 0;
      stream.setEncoding('utf8');
      stream.on('response', (answer) => (status = answer[':status'] ?? 0));
      stream.on('data', take);
      stream.on('end', () => resolve(status));
      stream.on('error', reject);
      stream.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
