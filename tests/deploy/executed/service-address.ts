import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/** Somebody behind a Service who is ready. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** The address of a Service: each connection goes to one of those who are ready, whichever, and stays there. */
export class ServiceAddress implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #endpoints: () => readonly Endpoint[];

  private constructor(endpoints: () => readonly Endpoint[]) {
    this.#endpoints = endpoints;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async open(host: string, port: number, endpoints: () => readonly Endpoint[]): Promise<ServiceAddress> {
    const address = new ServiceAddress(endpoints);
    await new Promise<void>((resolve, reject) => {
      address.#server.once('error', reject);
      address.#server.listen(port, host, resolve);
    });
    return address;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(socket: Socket): void {
    const ready = this.#endpoints();
    const chosen = ready[Math.floor(Math.random() * ready.length)];
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
    // As it is where nobody is behind a Service.
    if (chosen === undefined) return void socket.resetAndDestroy();
    const onward = connect(chosen.port, chosen.host);
    this.#sockets.add(onward);
    onward.on('error', () => socket.resetAndDestroy());
    onward.once('close', () => (this.#sockets.delete(onward), socket.destroySoon()));
    socket.once('close', () => onward.destroySoon());
    socket.pipe(onward);
    onward.pipe(socket);
  }
}
