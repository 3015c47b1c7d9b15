import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/**
 * What happens to connections: they pass; are reset and refused (`cut`); stay open while nothing comes through, in either
 * direction and not even their end (`freeze`, half-open); or come through late (`delay`).
 */
export type ProxyMode = 'pass' | 'cut' | 'freeze' | 'delay';

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

/** How late what is delayed comes. */
const lateMs = 150;

/** A network that can break: a TCP proxy before one port of loopback. */
export class FaultyProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #target: number;
  readonly #pairs = new Set<Pair>();
  #mode: ProxyMode = 'pass';

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
    server.on('connection', (near) => this.#take(near));
  }

  static async open(target: number): Promise<FaultyProxy> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const proxy = new FaultyProxy(server, target);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    // It listens on TCP.
    return (this.#server.address() as AddressInfo).port;
  }

  get mode(): ProxyMode {
    return this.#mode;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** From now on. Connections that were frozen are reset when the network is there again, as a router that forgot them does. */
  set(mode: ProxyMode): void {
    const before = this.#mode;
    this.#mode = mode;
    for (const pair of this.#pairs) {
      if (mode === 'cut' || (before === 'freeze' && mode !== 'freeze')) this.#reset(pair);
      else if (mode === 'freeze') for (const socket of [pair.near, pair.far]) socket.pause();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const pair of this.#pairs) this.#reset(pair);
    await closed;
  }

  #take(near: Socket): void {
    if (this.#mode === 'cut') {
      near.on('error', () => {});
      reset(near);
      return;
    }
    const far = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true });
    const pair = { near, far };
    this.#pairs.add(pair);
    this.#carry(pair, near, far);
    this.#carry(pair, far, near);
    if (this.#mode === 'freeze') far.pause();
    else near.resume();
  }

  #carry(pair: Pair, from: Socket, to: Socket): void {
    from.setNoDelay(true);
    from.on('data', (chunk) => {
      this.#later(() => {
        if (to.destroyed || to.writableEnded || to.write(chunk)) return;
        from.pause();
        to.once('drain', () => this.#mode !== 'freeze' && from.resume());
      });
    });
    from.on('end', () => this.#later(() => this.#mode !== 'freeze' && to.end()));
    from.on('error', () => this.#mode !== 'freeze' && this.#reset(pair));
    // Who stays behind on a frozen connection does not hear that the other is gone.
    from.on('close', () => {
      if (this.#mode !== 'freeze' && from.destroyed && to.destroyed) this.#pairs.delete(pair);
      else if (this.#mode !== 'freeze' && from.errored === null && !to.writableEnded) to.end();
    });
  }

  /** Late or at once; all that is delayed is so by the same time, so its order stays. */
  #later(what: () => unknown): void {
    if (this.#mode === 'delay') setTimeout(what, lateMs);
    else what();
  }

  #reset(pair: Pair): void {
    this.#pairs.delete(pair);
    reset(pair.near);
    reset(pair.far);
  }
}

/** At once: by itself `resetAndDestroy` waits until what was written has left, and to somebody who reads nothing it never does. */
function reset(socket: Socket): void {
  if (socket.destroyed) return;
  socket.resetAndDestroy();
  socket.destroy();
}
