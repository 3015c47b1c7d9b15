import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { RedisServer } from '../../../scripts/fleet/redis-server.ts';
import { cacheLifetimesMs } from '../../../src/cache/cache.ts';
import { MemoryCache } from '../../../src/cache/memory/memory-cache.ts';
import { RedisTier } from '../../../src/cache/redis/redis-tier.ts';
import { TieredCache } from '../../../src/cache/tiered-cache.ts';
import { SharedCache } from '../../../src/orchestrator/elsewhere/shared-cache.ts';
import { RedisConnection } from '../../../src/redis/redis-connection.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { joinedNews } from '../../support/joined-news.ts';

const folder = mkdtempSync(join(tmpdir(), 'squadra-redis-'));
let server: RedisServer;
beforeAll(async () => void (server = await RedisServer.start({ folder })));
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

interface Process {
  readonly cache: TieredCache;
  readonly tier: RedisTier;
  readonly redis: RedisConnection;
  /** Resolves when Redis has been there, or has gone, so many times. */
  changed(times: number): Promise<void>;
}

/** Processes of one fleet that hear of each other through Redis alone. */
async function processes(count: number, clock = new TestClock(), url = server.url): Promise<readonly Process[]> {
  const fleet = randomUUID();
  return Promise.all(
    Array.from({ length: count }, async () => {
      let changes = 0;
      let wake = (): void => {};
      const redis = new RedisConnection({
        url,
        fleet,
        onChange: () => {
          changes += 1;
          wake();
        },
      });
      onTestFinished(() => redis[Symbol.dispose]());
      await redis.tried();
      const tier = new RedisTier(redis, clock);
      const cache = new TieredCache(new MemoryCache({ cacheEntries: 100 }, clock), tier);
      const changed = async (times: number): Promise<void> => {
        while (changes < times) await new Promise<void>((resolve) => (wake = resolve));
      };
      return { cache, tier, redis, changed };
    }),
  );
}

async function three(clock?: TestClock): Promise<[Process, Process, Process]> {
  const [one, two, other] = await processes(3, clock);
  if (one === undefined || two === undefined || other === undefined) throw new Error('There are three.');
  return [one, two, other];
}

const never = (): Promise<never> => Promise.reject(new Error('It was to be there already.'));

/** What is kept is on its way to Redis when the fill is answered; what is asked there behind it comes after it. */
const settled = ({ tier }: Process): Promise<unknown> => tier.find('squad', 'nobody', []);

describe('what one process has read', () => {
  it('is there for another one, just as it was', async () => {
    const [here, there] = await three();
    const squad = {
      name: 'Ä "x"',
      members: [{ id: 'm', note: undefined }],
      at: new Date(5),
      byRole: new Map([['a', 1n]]),
    };
    expect(await here.cache.get('squad', 'a', ['tenant:t'], async () => squad)).toBe(squad);
    await settled(here);
    expect(await there.cache.get('squad', 'a', ['tenant:t'], never)).toEqual(squad);
    expect(there.tier.statistics()).toEqual({ hits: 1, misses: 0, unavailable: 0, isUp: true });
  });

  it('is nobody else’s: not of another kind, key or fleet', async () => {
    const [here, there] = await three();
    const [stranger] = await three();
    await here.cache.get('squad', 'a', [], async () => 'kept');
    await settled(here);
    expect(await there.cache.get('user', 'a', [], async () => 'other')).toBe('other');
    expect(await there.cache.get('squad', 'b', [], async () => 'other')).toBe('other');
    expect(await stranger.cache.get('squad', 'a', [], async () => 'other')).toBe('other');
  });

  it('is forgotten by all, by key and by tag', async () => {
    const [here, there, other] = await three();
    for (const [place, forget] of [
      () => there.cache.forget('squad', 'a'),
      () => there.cache.forgetTag('tenant:t'),
    ].entries()) {
      await here.cache.get('squad', 'a', ['tenant:t'], async () => `old ${place}`);
      await settled(here);
      await forget();
      expect(await other.cache.get('squad', 'a', ['tenant:t'], async () => `new ${place}`)).toBe(`new ${place}`);
      await other.cache.forget('squad', 'a');
      await here.cache.forget('squad', 'a');
    }
  });

  it('is not kept where a change elsewhere overtook the reading', async () => {
    const [here, there, other] = await three();
    const { promise, resolve } = Promise.withResolvers<string>();
    const begun = Promise.withResolvers<void>();
    const reading = here.cache.get('squad', 'a', ['tenant:t'], () => {
      begun.resolve();
      return promise;
    });
    await begun.promise;
    await there.cache.forgetTag('tenant:t');
    expect(await other.cache.get('squad', 'a', ['tenant:t'], async () => 'after it')).toBe('after it');
    await settled(other);
    resolve('before the change');
    await reading;
    await settled(here);
    expect(await there.cache.get('squad', 'a', ['tenant:t'], never)).toBe('after it');
  });

  it('gets no older than its kind may, though it moves from process to process', async () => {
    const clock = new TestClock();
    const [here, there, other] = await three(clock);
    const lifetimeMs = cacheLifetimesMs.cost;
    await here.cache.get('cost', 'a', [], async () => 'first');
    await settled(here);
    await clock.advance(lifetimeMs - 1);
    expect(await there.cache.get('cost', 'a', [], never)).toBe('first');
    await clock.advance(2);
    expect(await there.cache.get('cost', 'a', [], async () => 'second')).toBe('second');
    await settled(there);
    expect(await other.cache.get('cost', 'a', [], never)).toBe('second');
  });

  it('is read again where it is missing, cannot be read, or is of another form', async () => {
    const [here, there, other] = await three();
    const raw = new Redis(server.url);
    onTestFinished(() => raw.disconnect());
    await raw.flushall();
    await here.cache.get('squad', 'a', [], async () => 'kept');
    await settled(here);
    const [entry = ''] = await raw.keys('*entry*"a"*');
    const text = (await raw.get(entry)) ?? '';
    await raw.set(entry, `${text.slice(0, text.indexOf('\n'))}\nnonsense`);
    expect(await there.cache.get('squad', 'a', [], async () => 'read again')).toBe('read again');
    await settled(there);
    await raw.flushall();
    await raw.script('FLUSH');
    expect(await other.cache.get('squad', 'a', [], async () => 'and again')).toBe('and again');
  });
});

/** A step of a history: a process reads, the oldest reading comes back, or a process changes the truth and tells of it. */
const step = fc.record({
  what: fc.constantFrom<'read' | 'arrive' | 'by key' | 'by tag'>('read', 'arrive', 'by key', 'by tag'),
  who: fc.constantFrom(0, 1),
});

it('gives to nobody who asks after a change was told what was true before it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const clock = new TestClock();
      const wires = joinedNews(2);
      const own = await processes(2, clock);
      const caches = own.map(({ cache }, place) => new SharedCache(cache, wires[place] ?? wireless()));
      let truth = 0;
      const arrivals: (() => void)[] = [];
      const checks: Promise<void>[] = [];
      const read = async (cache: SharedCache): Promise<void> => {
        const atLeast = truth;
        const seen = await cache.get('squad', 'a', ['tag'], () => {
          const found = truth;
          return new Promise<number>((resolve) => arrivals.push(() => resolve(found)));
        });
        expect(seen).toBeGreaterThanOrEqual(atLeast);
      };
      for (const { what, who } of steps) {
        const cache = caches[who] ?? wireless();
        if (what === 'read') checks.push(read(cache));
        else if (what === 'arrive') arrivals.shift()?.();
        else {
          truth += 1;
          await (what === 'by key' ? cache.forget('squad', 'a') : cache.forgetTag('tag'));
        }
      }
      const open = Promise.all(checks);
      let isOver = false;
      void open.finally(() => (isOver = true));
      while (!isOver) {
        for (const arrive of arrivals.splice(0)) arrive();
        await new Promise((resolve) => setImmediate(resolve));
      }
      await open;
      for (const { redis } of own) redis[Symbol.dispose]();
    }),
    { numRuns: 40 },
  );
});

function wireless(): never {
  throw new Error('There are two.');
}

describe('a Redis that goes away', () => {
  it('is done without, and asked again when it is back', async () => {
    const place = join(folder, 'goes');
    await using own = await RedisServer.start({ folder: place });
    const [here] = await processes(1, new TestClock(), own.url);
    if (here === undefined) throw new Error('There is one.');
    await own.end('SIGKILL');
    await here.changed(2);
    expect(await here.cache.get('squad', 'a', [], async () => 'from the store')).toBe('from the store');
    await here.cache.forgetTag('tenant:t');
    expect(here.tier.statistics()).toMatchObject({ unavailable: 1, isUp: false });
    await own.resume();
    await here.changed(3);
    expect(await here.cache.get('squad', 'b', [], async () => 'and kept')).toBe('and kept');
    expect(here.tier.statistics()).toMatchObject({ misses: 1, isUp: true });
  });

  it('holds nobody up when it stands still, and is told afterwards what it did not hear', async () => {
    const place = join(folder, 'stands');
    await using own = await RedisServer.start({ folder: place });
    const [here, there] = await processes(2, new TestClock(), own.url);
    if (here === undefined || there === undefined) throw new Error('There are two.');
    await here.cache.get('squad', 'a', ['tenant:t'], async () => 'old');
    await settled(here);
    process.kill(own.pid, 'SIGSTOP');
    await here.cache.forgetTag('tenant:t');
    await here.changed(2);
    // Nobody waits for its time-out any more.
    for (let turn = 0; turn < 1_000; turn++)
      expect(await here.cache.get('squad', `b${turn}`, [], async () => 'from the store')).toBe('from the store');
    expect(here.tier.statistics()).toMatchObject({ unavailable: 1_000, isUp: false });
    process.kill(own.pid, 'SIGCONT');
    await here.changed(3);
    expect(await here.cache.get('squad', 'c', [], async () => 'c')).toBe('c');
    expect(await there.cache.get('squad', 'a', ['tenant:t'], async () => 'new')).toBe('new');
  });
});
