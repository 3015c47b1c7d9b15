import { describe, expect, it } from 'vitest';
import { cacheKey, cacheLifetimesMs, costTag, squadTag, tenantTag } from '../../src/cache/cache.ts';
import type { Cache, CacheKind } from '../../src/cache/cache.ts';
import { settle, TestClock } from '../../src/testing/test-clock.ts';

/** Opens an empty cache whose time is the clock's, with room for so many entries of each kind. */
export type OpenCache = (clock: TestClock, cacheEntries: number) => Promise<Cache>;

const kinds = Object.keys(cacheLifetimesMs) as CacheKind[];

/** What every `Cache` does. */
export function cacheContract(open: OpenCache): void {
  describe('a cache', () => {
    const room = 100;
    const opened = async (cacheEntries = room) => {
      const clock = new TestClock();
      const cache = await open(clock, cacheEntries);
      let fills = 0;
      const fill = (value: unknown = 'value') => {
        return () => {
          fills++;
          return Promise.resolve(value);
        };
      };
      return { clock, cache, fill, fills: () => fills };
    };

    it.each(kinds)('keeps what was filled for the lifetime of its kind: %s', async (kind) => {
      const { clock, cache, fill, fills } = await opened();
      expect(await cache.get(kind, 'a', [], fill({ deep: [1] }))).toEqual({ deep: [1] });
      await clock.advance(cacheLifetimesMs[kind] - 1);
      expect(await cache.get(kind, 'a', [], fill())).toEqual({ deep: [1] });
      expect(fills()).toBe(1);
      await clock.advance(2);
      expect(await cache.get(kind, 'a', [], fill('new'))).toBe('new');
      expect(cache.statistics()[kind]).toMatchObject({ hits: 1, misses: 2, fills: 2, entries: 1 });
    });

    it('keeps kinds and keys apart', async () => {
      const { cache, fill } = await opened();
      await cache.get('squad', 'a', [], fill('squad a'));
      expect(await cache.get('user', 'a', [], fill('user a'))).toBe('user a');
      expect(await cache.get('squad', 'b', [], fill('squad b'))).toBe('squad b');
      expect(await cache.get('squad', 'a', [], fill('another'))).toBe('squad a');
    });

    it('C1: fills a key once for all who ask meanwhile', async () => {
      const { cache } = await opened();
      const slow = Promise.withResolvers<string>();
      let fills = 0;
      const asked = Array.from({ length: 50 }, () =>
        cache.get('squad', 'a', [], () => {
          fills++;
          return slow.promise;
        }),
      );
      await settle();
      slow.resolve('value');
      expect(new Set(await Promise.all(asked))).toEqual(new Set(['value']));
      expect(fills).toBe(1);
      expect(cache.statistics().squad).toMatchObject({ hits: 0, misses: 50, fills: 1, entries: 1 });
    });

    it.each<[string, (cache: Cache) => Promise<void>]>([
      ['its key', (cache) => cache.forget('squad', 'a')],
      ['a tag', (cache) => cache.forgetTag(tenantTag('t'))],
    ])('C2: does not keep a fill that a change overtakes, told by %s', async (_, change) => {
      const { cache, fill, fills } = await opened();
      const slow = Promise.withResolvers<string>();
      const before = cache.get('squad', 'a', [tenantTag('t')], () => slow.promise);
      await settle();
      await change(cache);
      const after = cache.get('squad', 'a', [tenantTag('t')], fill('after'));
      await settle();
      slow.resolve('before');
      expect(await before).toBe('before');
      expect(await after).toBe('after');
      expect(await cache.get('squad', 'a', [], fill('too late'))).toBe('after');
      expect(fills()).toBe(1);
    });

    it('C2: a fill that was overtaken and comes last does not replace what was filled after the change', async () => {
      const { cache, fill } = await opened();
      const slow = Promise.withResolvers<string>();
      const before = cache.get('squad', 'a', [], () => slow.promise);
      await settle();
      await cache.forget('squad', 'a');
      expect(await cache.get('squad', 'a', [], fill('after'))).toBe('after');
      slow.resolve('before');
      await before;
      expect(await cache.get('squad', 'a', [], fill('too late'))).toBe('after');
    });

    it('C3: tells all who wait of a fill that failed, and fills again for the next', async () => {
      const { cache, fill } = await opened();
      const failure = new Error('No reader was free.');
      const slow = Promise.withResolvers<string>();
      const asked = [1, 2, 3].map(() => cache.get('user', 'a', [], () => slow.promise));
      const settled = Promise.allSettled(asked);
      await settle();
      slow.reject(failure);
      for (const result of await settled) expect(result).toMatchObject({ status: 'rejected', reason: failure });
      expect(cache.statistics().user.entries).toBe(0);
      expect(await cache.get('user', 'a', [], fill('found'))).toBe('found');
    });

    it('C3: does not keep that nothing was found', async () => {
      const { cache, fill } = await opened();
      expect(await cache.get('squad', 'a', [], fill(null))).toBeNull();
      expect(await cache.get('squad', 'a', [], fill('there now'))).toBe('there now');
    });

    it('C4: holds a bounded number of each kind', async () => {
      const { cache, fill } = await opened(10);
      for (const kind of kinds)
        for (let key = 0; key < 1_000; key++) await cache.get(kind, String(key), [tenantTag('t')], fill());
      for (const kind of kinds) expect(cache.statistics()[kind].entries).toBeLessThanOrEqual(10);
      expect(await cache.get('squad', '999', [], fill('filled anew'))).toBe('value');
    });

    it('C4: keeps nothing where it has no room, and still fills once for all who ask meanwhile', async () => {
      const { cache, fill, fills } = await opened(0);
      await Promise.all([cache.get('squad', 'a', [], fill()), cache.get('squad', 'a', [], fill())]);
      expect(fills()).toBe(1);
      await cache.get('squad', 'a', [], fill());
      expect(fills()).toBe(2);
      expect(cache.make('prompt', 'a', [], () => 'made')).toBe('made');
      expect(cache.statistics().squad).toMatchObject({ hits: 0, entries: 0 });
    });

    it('forgets one key, and counts it', async () => {
      const { cache, fill } = await opened();
      await cache.get('squad', 'a', [], fill('old'));
      await cache.get('squad', 'b', [], fill('other'));
      await cache.forget('squad', 'a');
      await cache.forget('squad', 'nothing');
      expect(await cache.get('squad', 'a', [], fill('new'))).toBe('new');
      expect(await cache.get('squad', 'b', [], fill('new'))).toBe('other');
      expect(cache.statistics().squad.invalidations).toBe(1);
    });

    it('forgets by tag what bears it, of all kinds, and nothing else', async () => {
      const { cache, fill } = await opened();
      await cache.get('squad', 'a', [tenantTag('t'), squadTag('1')], fill('old'));
      await cache.get('member', 'm', [tenantTag('t'), squadTag('1')], fill('old'));
      await cache.get('cost', 'c', [tenantTag('t'), costTag('t')], fill('old'));
      await cache.get('cost', 'd', [tenantTag('u'), costTag('u')], fill('old'));
      const now = async () => [
        await cache.get('squad', 'a', [tenantTag('t'), squadTag('1')], fill('new')),
        await cache.get('member', 'm', [tenantTag('t'), squadTag('1')], fill('new')),
        await cache.get('cost', 'c', [tenantTag('t'), costTag('t')], fill('new')),
        await cache.get('cost', 'd', [tenantTag('u'), costTag('u')], fill('new')),
      ];
      await cache.forgetTag(costTag('t'));
      expect(await now()).toEqual(['old', 'old', 'new', 'old']);
      await cache.forgetTag(squadTag('1'));
      expect(await now()).toEqual(['new', 'new', 'new', 'old']);
      await cache.forgetTag(tenantTag('u'));
      expect(await now()).toEqual(['new', 'new', 'new', 'new']);
    });

    it('goes by the tags an entry was last filled with', async () => {
      const { cache, fill } = await opened();
      await cache.get('squad', 'a', [squadTag('1')], fill('first'));
      await cache.forget('squad', 'a');
      await cache.get('squad', 'a', [squadTag('2')], fill('second'));
      await cache.forgetTag(squadTag('1'));
      expect(await cache.get('squad', 'a', [], fill('third'))).toBe('second');
    });

    it('makes without waiting, once', async () => {
      const { clock, cache } = await opened();
      let made = 0;
      const make = () => cache.make('prompt', 'a', [squadTag('1')], () => `made ${++made}`);
      expect([make(), make()]).toEqual(['made 1', 'made 1']);
      await cache.forgetTag(squadTag('1'));
      expect(make()).toBe('made 2');
      await clock.advance(cacheLifetimesMs.prompt + 1);
      expect(make()).toBe('made 3');
      expect(cache.statistics().prompt).toMatchObject({ hits: 1, misses: 3, fills: 3, invalidations: 1 });
    });

    it('C5: writes keys whose parts cannot pass for others', () => {
      const keys = [cacheKey('a', 'b'), cacheKey('a,b'), cacheKey('a","b'), cacheKey('a', null), cacheKey('a', 1)];
      expect(new Set([...keys, cacheKey('a', '1')]).size).toBe(6);
    });
  });
}
