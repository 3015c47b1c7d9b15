import type { AddressInfo } from 'node:net';
import { SquadraError } from '../kernel/errors.ts';
import { backlog, freePort, hasDoors, openDoors } from './accepting.ts';
import { createApp } from './app.ts';
import { assertMayListen } from './auth/listening.ts';
import type { HttpParts } from './http-parts.ts';

/** A server that listens. */
export interface HttpServer {
  /** `http://127.0.0.1:8080`, with the port that it really has. */
  readonly url: string;
  /** Takes no more connections, ends streams, and waits for answers under way. */
  close(): Promise<void>;
}

/** Listens. Throws `INVALID_SETTING` where others would get in without a key, `ADDRESS_IN_USE` naming the address when somebody else does. */
export async function startServer(
  parts: HttpParts,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<HttpServer> {
  assertMayListen(host, parts.access);
  const app = await createApp(parts);
  try {
    const own = hasDoors ? { port: await freePort(host, port), reusePort: true } : { port };
    await app.listen({ host, backlog, ...own });
  } catch (error) {
    await app.close();
    throw listenError(error, host, port);
  }
  const address = app.server.address() as AddressInfo;
  const closeDoors = hasDoors ? await openDoors(app.server, address) : async (): Promise<void> => {};
  parts.readiness.opened();
  return {
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    close: async () => {
      parts.readiness.drains();
      const closing = closeDoors();
      await app.close();
      await closing;
    },
  };
}

function listenError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'EADDRINUSE')
    return new SquadraError('ADDRESS_IN_USE', `Something else listens on ${host}:${port}.`, { cause: error });
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new SquadraError('INVALID_SETTING', `This machine has no address ${host}.`, { cause: error });
  if (code === 'EACCES')
    return new SquadraError('INVALID_SETTING', `This user may not listen on port ${port}; choose one above 1023.`, {
      cause: error,
    });
  return error;
}
