import type { AddressInfo } from 'node:net';
import { createApp } from './app.ts';
import type { HttpParts } from './http-parts.ts';

/** A server that listens. */
export interface HttpServer {
  /** `http://127.0.0.1:8080`, with the port that it really has. */
  readonly url: string;
  /** Takes no more connections, ends streams, and waits for answers under way. */
  close(): Promise<void>;
}

/** Listens. Throws `ADDRESS_IN_USE` naming the address when somebody else does. */
export async function startServer(
  parts: HttpParts,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<HttpServer> {
  const app = await createApp(parts);
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw error;
  }
  parts.readiness.opened();
  const address = app.server.address() as AddressInfo;
  return {
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    close: async () => {
      parts.readiness.drains();
      await app.close();
    },
  };
}
