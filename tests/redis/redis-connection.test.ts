import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RedisServer } from '../../scripts/fleet/redis-server.ts';
import { RedisConnection } from '../../src/redis/redis-connection.ts';
import { inspectRedis } from '../../src/redis/redis-inspection.ts';
import { redisScript } from '../../src/redis/redis-script.ts';

const folder = mkdtempSync(join(tmpdir(), 'squadra-redis-'));
let server: RedisServer;
beforeAll(async () => void (server = await RedisServer.start({ folder, password: 'hunter2' })));
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const put = redisScript(`redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])`);

function connect(url: string, fleet = 'ours') {
  const told: [isUp: boolean, error: string][] = [];
  const connection = new RedisConnection({ url, fleet, onChange: (isUp, error) => told.push([isUp, String(error)]) });
  return { connection, told };
}

it('carries scripts out, also those that Redis has not seen, and keeps fleets apart', async () => {
  const [ours, theirs] = [connect(server.url), connect(server.url, 'theirs')];
  using _ours = ours.connection;
  using _theirs = theirs.connection;
  await Promise.all([ours.connection.tried(), theirs.connection.tried()]);
  expect(await ours.connection.run(put, ['a'], ['1'])).toBe('1');
  expect(await theirs.connection.run(redisScript(`return redis.call('GET', KEYS[1])`), ['a'], [])).toBeNull();
  expect(await ours.connection.run(put, ['a'], ['2'])).toBe('2');
  expect(ours.told).toEqual([[true, 'null']]);
});

it.each([
  ['nobody is there', () => 'redis://:hunter2@127.0.0.1:1', /ECONNREFUSED/],
  ['the password is wrong', () => server.url.replace('hunter2', 'hunter3'), /WRONGPASS|invalid/],
])('is known not to be there when %s, and says so once and without the password', async (_, url, expected) => {
  const { connection, told } = connect(url());
  using _connection = connection;
  await connection.tried();
  expect(connection.isUp).toBe(false);
  await expect(connection.run(put, ['a'], ['1'])).rejects.toThrow(/./);
  expect(told.map(([isUp]) => isUp)).toEqual([false]);
  expect(told.join()).toMatch(expected);
  expect(told.join()).not.toMatch(/hunter/);
});

it('is looked at from outside without its password', async () => {
  expect(await inspectRedis(server.url)).toEqual({
    name: `127.0.0.1:${server.port}`,
    version: expect.stringMatching(/^\d+\.\d+/),
    problem: null,
  });
  expect(await inspectRedis('redis://:hunter2@127.0.0.1:1')).toMatchObject({
    name: '127.0.0.1:1',
    version: null,
    problem: expect.stringContaining('ECONNREFUSED'),
  });
});

it('is not taken for one that does not answer while this process is busy with something else', async () => {
  const { connection, told } = connect(server.url);
  using _connection = connection;
  await connection.tried();
  const answer = connection.run(put, ['a'], ['1']);
  const until = performance.now() + 600;
  while (performance.now() < until);
  expect(await answer).toBe('1');
  expect(told.map(([isUp]) => isUp)).toEqual([true]);
});
