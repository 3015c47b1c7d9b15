import { createServer } from 'node:net';
import type { AddressInfo, ListenOptions, Server } from 'node:net';

/** Connections that may wait at each door while the process is busy. Linux caps it at `somaxconn` (4096). */
export const backlog = 4_096;
/**
 * Node takes one connection from each listening socket in a turn of its event loop. When turns take 20 ms, one socket lets in
 * 50 connections a second, and the others are reset after a minute.
 */
const doors = 32;

/** Whether several sockets of this process can listen on one port, the kernel spreading connections over them. */
export const hasDoors = process.platform === 'linux';

/** The port to listen on, which nobody else listens on now: sockets that share a port would not notice. Throws `EADDRINUSE`. */
export async function freePort(host: string, port: number): Promise<number> {
  const probe = createServer();
  await listening(probe, { host, port });
  const found = (probe.address() as AddressInfo).port;
  await closed(probe);
  return found;
}

/** Opens more doors beside the one of `server`, which has to listen with `reusePort`. Returns what closes them. */
export async function openDoors(
  server: Server,
  { address, port }: Pick<AddressInfo, 'address' | 'port'>,
): Promise<() => Promise<void>> {
  const opened = Array.from({ length: doors - 1 }, () =>
    createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket)),
  );
  await Promise.all(opened.map((door) => listening(door, { host: address, port, backlog, reusePort: true })));
  return async () => {
    await Promise.all(opened.map(closed));
  };
}

function listening(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => void server.close(() => resolve()));
}
