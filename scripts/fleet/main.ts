/**
 * `npm run fleet`: a whole fleet on this machine, to look at: two processes that answer, two that work, PostgreSQL behind PgBouncer,
 * Restate, nginx before both, and NATS and Redis where they are installed. It lasts until it is told to stop, and leaves nothing behind.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fleet } from './fleet.ts';
import { hasNats } from './nats-server.ts';
import { hasRedis } from './redis-server.ts';

const needed = [
  { path: '/usr/sbin/nginx', name: 'nginx', package: 'nginx-light' },
  { path: '/usr/sbin/pgbouncer', name: 'PgBouncer', package: 'pgbouncer' },
].filter(({ path }) => !existsSync(path));

if (needed.length > 0) {
  const names = needed.map(({ name }) => name).join(' and ');
  const packages = needed.map((one) => one.package).join(' ');
  process.stderr.write(`squadra: the fleet needs ${names}: apt-get install ${packages}\n`);
  process.exit(3);
}

const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
});
const folder = mkdtempSync(join(tmpdir(), 'squadra-fleet-'));
try {
  process.stderr.write('squadra: starting PostgreSQL, PgBouncer, Restate, nginx, two api processes and two workers\n');
  if (!hasNats) process.stderr.write('squadra: nats-server is not installed: live events go over the database\n');
  if (!hasRedis)
    process.stderr.write('squadra: redis-server is not installed: each process keeps what it reads to itself\n');
  await using fleet = await Fleet.start({ folder, apis: 2, workers: 2, hasNats, hasRedis });
  const row = (name: string, text: string): string => `  ${name.padEnd(10)}${text}`;
  process.stdout.write(
    [
      `A fleet of Squadra answers on ${fleet.url}`,
      '',
      ...fleet.apis.map(({ url, pid }) => row('api', `${url} (pid ${pid})`)),
      ...fleet.workers.map(({ url, pid }) => row('worker', `${url}/metrics (pid ${pid})`)),
      row('database', fleet.databaseUrl),
      ...(fleet.nats === null ? [] : [row('NATS', fleet.nats.url)]),
      ...(fleet.redis === null ? [] : [row('Redis', fleet.redis.url)]),
      row('Restate', `${fleet.restate.adminUrls.join(', ')} (its pages: /ui)`),
      row('files', `${folder}, until it stops`),
      '',
      'Hand a request to a squad:',
      '',
      `  curl ${fleet.url}/api/v1/executions \\\n    -H 'content-type: application/json' \\\n    -d '{"message": "Plan a login page for a small web shop"}'`,
      '',
      'Kill one of them (kill -9 <pid of a worker>): what it did goes on in the other. Ctrl-C stops it all.',
      '',
    ].join('\n'),
  );
  await stopped;
  process.stderr.write('squadra: stopping\n');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
