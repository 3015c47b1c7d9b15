/**
 * What Restate does by itself, without Squadra: how many times a second a handler with three `ctx.run` comes to its end.
 *
 *     node tests/chaos/fleet/bare-restate.ts --ingress <urls> --admin <url> --seconds <n>
 *
 * Prints the number.
 */
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { endpoint, service } from '@restatedev/restate-sdk';
import type { Context } from '@restatedev/restate-sdk';

/** Enough that nobody waits for us. */
const atOnce = 96;
const warmUpMs = 1_500;

const { values } = parseArgs({
  options: {
    ingress: { type: 'string', default: '' },
    admin: { type: 'string', default: '' },
    seconds: { type: 'string', default: '4' },
  },
});
const bare = service({
  name: 'bare',
  handlers: {
    three: async (context: Context): Promise<string[]> => [
      await context.run('one', () => 'one'),
      await context.run('two', () => 'two'),
      await context.run('three', () => 'three'),
    ],
  },
});
const server = createServer(
  endpoint()
    .bind(bare)
    .setLogger(() => {})
    .http2Handler(),
);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
const registered = await fetch(`${values.admin}/deployments`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ uri: `http://127.0.0.1:${port}`, force: true }),
});
if (!registered.ok) throw new Error(`Restate did not take the deployment: ${await registered.text()}`);
const { id } = (await registered.json()) as { id: string };

const ingress = values.ingress.split(',');
const from = Date.now() + warmUpMs;
const until = from + Number(values.seconds) * 1_000;
let done = 0;
await Promise.all(
  Array.from({ length: atOnce }, async (_, place) => {
    while (Date.now() < until) {
      const answer = await fetch(`${ingress[place % ingress.length]}/bare/three`, { method: 'POST' });
      await answer.text();
      const at = Date.now();
      if (answer.ok && at >= from && at < until) done++;
    }
  }),
);
await fetch(`${values.admin}/deployments/${id}?force=true`, { method: 'DELETE' });
console.log(String(done / Number(values.seconds)));
process.exit(0);
