import { describe, expect, it } from 'vitest';
import { MemoryCache } from '../../../src/cache/memory/memory-cache.ts';
import { SharedCache } from '../../../src/orchestrator/elsewhere/shared-cache.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { joinedNews } from '../../support/joined-news.ts';

function caches() {
  const clock = new TestClock();
  const wires = joinedNews(2);
  const [here, there] = wires.map((news) => new SharedCache(new MemoryCache({ cacheEntries: 10 }, clock), news));
  if (here === undefined || there === undefined) throw new Error('There are two.');
  return { here, there, wires };
}

describe('a cache of a process that is not alone', () => {
  it('forgets what another process changed, by key and by tag', async () => {
    const { here, there } = caches();
    for (const forget of [() => there.forget('squad', 'a'), () => there.forgetTag('tenant:t')]) {
      expect(await here.get('squad', 'a', ['tenant:t'], async () => 'old')).toBe('old');
      await forget();
      expect(await here.get('squad', 'a', ['tenant:t'], async () => 'new')).toBe('new');
      await here.forget('squad', 'a');
    }
  });

  it('keeps nothing of a fill that a change elsewhere overtook', async () => {
    const { here, there } = caches();
    const { promise, resolve } = Promise.withResolvers<string>();
    const filling = here.get('squad', 'a', [], () => promise);
    await there.forget('squad', 'a');
    resolve('old');
    expect(await filling).toBe('old');
    expect(await here.get('squad', 'a', [], async () => 'new')).toBe('new');
  });

  it('forgets everything where news may have been lost', async () => {
    const { here, wires } = caches();
    await here.get('squad', 'a', [], async () => 'old');
    await here.get('user', 'b', [], async () => 'old');
    wires[0]?.lose();
    expect(await here.get('squad', 'a', [], async () => 'new')).toBe('new');
    expect(await here.get('user', 'b', [], async () => 'new')).toBe('new');
  });

  it('hears nothing more when it is disposed', async () => {
    const { here, there } = caches();
    await here.get('squad', 'a', [], async () => 'old');
    here[Symbol.dispose]();
    await there.forget('squad', 'a');
    expect(await here.get('squad', 'a', [], async () => 'new')).toBe('old');
  });
});
