import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/** One address for several workers: each connection goes to one that listens, in turn. */
export class OneAddress implements AsyncDisposable {
  readonly url: string;
  readonly ports: number[] = [];
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, port: number, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async open(): Promise<OneAddress> {
    const sockets = new Set<Socket>();
    let turn = 0;
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => sockets.delete(socket));
      const order = address.ports.map((_, place) => address.ports[(place + turn) % address.ports.length] ?? 0);
      turn += 1;
      join(socket, order);
    });
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => {
        const bound = server.address();
        resolve(typeof bound === 'object' && bound !== null ? bound.port : 0);
      }),
    );
    const address = new OneAddress(server, port, sockets);
    return address;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function join(socket: Socket, [port, ...others]: readonly number[]): void {
  if (port === undefined) {
    socket.destroy();
    return;
  }
  const onward = connect(port, '127.0.0.1');
  onward.once('error', () => join(socket, others));
  onward.once('connect', () => {
    onward.removeAllListeners('error');
    onward.on('error', () => socket.destroy());
    onward.once('close', () => socket.destroy());
    socket.once('close', () => onward.destroy());
    socket.pipe(onward);
    onward.pipe(socket);
  });
}
