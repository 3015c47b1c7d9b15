import { request } from 'node:http';

/** An answer as it came over the wire: header names and values in their order, and the bytes of the body. */
export interface Exchange {
  readonly status: number;
  readonly rawHeaders: readonly string[];
  readonly text: string;
}

export interface ExchangeOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** After so long it counts as hanging, and is an error. */
  readonly timeoutMs?: number;
  /** Reads no further than to the beginning of an event stream. */
  readonly onlyBeginning?: boolean;
}

/** How long any answer may take before a test calls it a hang. */
const defaultTimeoutMs = 10_000;

/** One request on a connection of its own, sent as it is written: nothing is decoded or followed. */
export function exchange(url: string, path: string, options: ExchangeOptions = {}): Promise<Exchange> {
  const { method = 'GET', headers = {}, body, timeoutMs = defaultTimeoutMs, onlyBeginning = false } = options;
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const asked = request({ hostname, port, path, method, headers: { ...length, ...headers }, agent: false });
    const timer = setTimeout(() => asked.destroy(new Error(`${method} ${path} hangs.`)), timeoutMs);
    asked.on('response', (response) => {
      const chunks: Buffer[] = [];
      const finish = (): void => {
        clearTimeout(timer);
        resolve({
          status: response.statusCode ?? 0,
          rawHeaders: response.rawHeaders,
          text: Buffer.concat(chunks).toString(),
        });
      };
      if (onlyBeginning && response.headers['content-type']?.startsWith('text/event-stream') === true) {
        finish();
        asked.destroy();
      }
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', finish);
      response.on('error', reject);
    });
    asked.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    asked.end(body);
  });
}

/** A header of an answer; undefined without it. */
export function headerOf({ rawHeaders }: Exchange, name: string): string | undefined {
  const place = rawHeaders.findIndex((header, at) => at % 2 === 0 && header.toLowerCase() === name);
  return place < 0 ? undefined : rawHeaders[place + 1];
}
