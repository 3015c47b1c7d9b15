import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { RedisServer } from '../../../scripts/fleet/redis-server.ts';
import { RedisBuckets } from '../../../src/flow/redis/redis-buckets.ts';
import { RedisConnection } from '../../../src/redis/redis-connection.ts';
import { sharedBucketsContract } from '../../contracts/shared-buckets-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'squadra-redis-'));
let server: RedisServer;
beforeAll(async () => void (server = await RedisServer.start({ folder })));
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function open(fleet: string = randomUUID(), url = server.url): Promise<RedisBuckets> {
  const redis = new RedisConnection({ url, fleet, onChange: () => {} });
  onTestFinished(() => redis[Symbol.dispose]());
  await redis.tried();
  return new RedisBuckets(redis);
}

sharedBucketsContract('limits in Redis', async () => {
  const fleet = randomUUID();
  return { processes: [await open(fleet), await open(fleet)], pause };
});

/** A look at what is there. */
function raw(): Redis {
  const redis = new Redis(server.url);
  onTestFinished(() => redis.disconnect());
  return redis;
}

const slow = { key: 'a', capacity: 5, tokenMs: 1e7, tokens: 1 };

it('lets two processes that ask as fast as they can have the rate once, and not twice', async () => {
  const fleet = randomUUID();
  const bucket = { key: 'a', capacity: 20, tokenMs: 10, tokens: 1 };
  const began = performance.now();
  let taken = 0;
  const ask = async (buckets: RedisBuckets): Promise<void> => {
    while (taken < 120) if ((await buckets.draw([bucket]))?.isTaken === true) taken += 1;
  };
  await Promise.all([ask(await open(fleet)), ask(await open(fleet)), ask(await open(fleet))]);
  // The last ones may take one more each.
  expect(taken).toBeGreaterThanOrEqual(120);
  expect(taken).toBeLessThanOrEqual(21 + (performance.now() - began) / 10);
});

it('keeps nothing of a bucket that is full again, nor of a pause that is over', async () => {
  const fleet = randomUUID();
  const buckets = await open(fleet);
  await buckets.draw([{ ...slow, tokenMs: 30 }]);
  buckets.pause('x', 30);
  buckets.correct([{ ...slow, key: 'b' }]);
  buckets.correct([{ ...slow, key: 'b', tokens: -1 }]);
  const redis = raw();
  await expect.poll(() => redis.keys(`squadra:{${fleet}}:*`)).toEqual([]);
});

it('stands still where the clock of Redis was set back, and gives nobody an hour to wait', async () => {
  const fleet = randomUUID();
  const buckets = await open(fleet);
  const redis = raw();
  const [seconds] = await redis.time();
  // As it was written before the clock was set back by an hour: it lacked two tokens then.
  await redis.set(`squadra:{${fleet}}:bucket:a`, `${2 * slow.tokenMs}.000 ${(Number(seconds) + 3_600) * 1_000}.000`);
  expect(await buckets.draw([slow])).toMatchObject({ isTaken: true, left: [expect.closeTo(2, 3)] });
  expect(await buckets.draw([{ ...slow, tokens: 3 }])).toMatchObject({ isTaken: false, left: [expect.closeTo(2, 3)] });
});

it('says that nobody can tell while Redis is away, and begins with full buckets where it has forgotten all', async () => {
  const own = await RedisServer.start({ folder: mkdtempSync(join(folder, 'own-')) });
  await using _own = own;
  const buckets = await open('fleet', own.url);
  expect(await buckets.draw([{ ...slow, tokens: 5 }])).toMatchObject({ isTaken: true });
  await own.end('SIGKILL');
  await expect.poll(() => buckets.draw([slow])).toBeNull();
  buckets.correct([slow]);
  buckets.pause('x', 1_000);
  await expect.poll(() => buckets.statistics().unavailable).toBeGreaterThanOrEqual(3);
  await own.resume();
  await expect.poll(() => buckets.draw([slow], 'x'), { timeout: 20_000 }).toMatchObject({ isTaken: true, pausedMs: 0 });
});
