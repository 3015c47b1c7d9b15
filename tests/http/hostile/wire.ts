import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** A connection that sends whatever it is told to, and keeps what comes. */
export interface Wire extends Disposable {
  readonly socket: Socket;
  /** All that has come, byte for byte. */
  readonly text: string;
  /** The status of each answer that has come. */
  readonly statuses: readonly number[];
  send(...parts: readonly (string | Uint8Array)[]): void;
  /** Resolves when the other side has hung up, however it did. */
  readonly closed: Promise<void>;
  /** Resolves when the pattern has come; rejects when it was hung up without it. */
  until(pattern: RegExp): Promise<void>;
}

/** Connects by hand, without any client's idea of what HTTP is. */
export async function openWire(url: string): Promise<Wire> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  let text = '';
  socket.setEncoding('latin1');
  const closed = new Promise<void>((resolve) => {
    socket.on('end', resolve).on('close', () => resolve());
  });
  socket.on('data', (piece: string) => (text += piece)).on('error', () => {});
  await once(socket, 'connect');
  return {
    socket,
    get text() {
      return text;
    },
    get statuses() {
      return [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
    },
    send: (...parts) => {
      for (const part of parts) socket.write(part);
    },
    closed,
    until: async (pattern) => {
      while (!pattern.test(text)) {
        const more = Promise.race([once(socket, 'data').catch(() => {}), closed]);
        await more;
        if (!pattern.test(text) && (socket.readableEnded || socket.destroyed))
          throw new Error(`Hung up without ${String(pattern)}: ${text.slice(-500)}`);
      }
    },
    [Symbol.dispose]: () => socket.destroy(),
  };
}

/** The head of a request to a server; a body, if any, is sent by the test. */
export function headOf(url: string, line: string, headers: readonly string[] = []): string {
  return `${[line, `Host: ${new URL(url).host}`, ...headers].join('\r\n')}\r\n\r\n`;
}
