/** Restate: one server on this machine with its defaults, the service in this process, calls through its ingress. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as restate from '@restatedev/restate-sdk';
import * as clients from '@restatedev/restate-sdk-clients';
import { input, stepResults } from '../workload/three-steps.ts';
import { freePort } from '../../scripts/fleet/free-port.ts';
import { argument, drive } from './drive.ts';

const service = restate.service({
  name: 'three-steps',
  handlers: {
    run: async (context: restate.Context, _input: typeof input): Promise<number> => {
      const [one = '', two = '', three = ''] = stepResults;
      const a = await context.run('one', () => one);
      const b = await context.run('two', () => two);
      const c = await context.run('three', () => three);
      return a.length + b.length + c.length;
    },
  },
});

const [node, admin, ingress] = [await freePort(), await freePort(), await freePort()];
const server = startServer();
const endpoint = createServer(restate.createEndpointHandler({ services: [service], logger: () => {} }));
await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
await register(`http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`);
const client = clients
  .connect({ url: `http://127.0.0.1:${ingress}` })
  .serviceClient<typeof service>({ name: 'three-steps' });
await drive(async () => {
  await client.run(input);
});
const exited = once(server, 'exit');
server.kill('SIGKILL');
await exited;
// Its connections to this process are open for good.
process.disconnect();
process.exit(0);

function startServer() {
  const data = join(argument.folder, 'restate');
  mkdirSync(data);
  const config = join(argument.folder, 'restate.toml');
  const lines = [
    `base-dir = ${JSON.stringify(data)}`,
    'node-name = "bench"',
    'listen-mode = "tcp"',
    `bind-address = "127.0.0.1:${node}"`,
    'disable-telemetry = true',
    'log-filter = "error"',
    `[admin]\nbind-address = "127.0.0.1:${admin}"`,
    `[ingress]\nbind-address = "127.0.0.1:${ingress}"`,
  ];
  writeFileSync(config, lines.join('\n'));
  const name = `node_modules/@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`;
  // With it set, the server spends its time on backtraces.
  const { RUST_BACKTRACE: _, ...env } = process.env;
  const binary = fileURLToPath(new URL(name, import.meta.url));
  return spawn(binary, ['--no-logo', '--config-file', config], {
    cwd: data,
    env,
    stdio: 'ignore',
  });
}

async function register(uri: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (server.exitCode !== null) throw new Error(`Restate ended with exit code ${server.exitCode}.`);
    const answer = await fetch(`http://127.0.0.1:${admin}/deployments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uri }),
    }).catch(() => null);
    if (answer?.ok === true) return;
    await pause(100);
  }
  throw new Error('Restate did not take the service within half a minute.');
}
