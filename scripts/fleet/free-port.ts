import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that systems give to connections on their way out (32768 and up on Linux, 49152 elsewhere), which come and go at any time. */
const lowest = 12_000;
const beyond = 32_000;
const attempts = 100;

/**
 * A port of loopback on which nothing listens now. Drawn, not counted: of others who look at the same time, each has a place of its own,
 * and one that was just given here is still free when its server comes to listen.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = randomInt(lowest, beyond);
    if (await isFree(port)) return port;
  }
  throw new Error(`None of ${attempts} ports from ${lowest} to ${beyond - 1} is free.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
