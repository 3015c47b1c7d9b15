import { describe, expect, it } from 'vitest';
import { MemoryBus } from '../../../src/bus/memory/memory-bus.ts';
import { topicSet } from '../../../src/orchestrator/pulse/pulse-topic.ts';
import type { PulseTopic } from '../../../src/orchestrator/pulse/pulse-topic.ts';
import { Pulses } from '../../../src/orchestrator/pulse/pulses.ts';
import { SharedAnswers } from '../../../src/orchestrator/pulse/shared-answers.ts';
import { settle, TestClock } from '../../../src/testing/test-clock.ts';

/** Answers that say what the state was when they were begun: one number for all tenants, unless they are told to wait. */
function workbench() {
  const clock = new TestClock();
  const pulses = new Pulses(new MemoryBus(), clock);
  const answers = new SharedAnswers(pulses, clock);
  const bench = {
    clock,
    pulses,
    answers,
    state: 0,
    made: 0,
    ask: (tenant = 'a', asker = 'somebody', name = '/stats', topic: PulseTopic = 'metrics') =>
      answers.ask({ tenant, asker, name, topics: topicSet(topic) }, async () => {
        bench.made++;
        const text = `${tenant} ${bench.state}`;
        await settle(1);
        return text;
      }),
    /** Somebody who follows a tenant and asks after each pulse, as a page does. */
    page: (tenant = 'a') => {
      const gone = new AbortController();
      const read: string[] = [];
      const over = (async () => {
        for await (const _ of pulses.follow(tenant, gone.signal)) read.push(await bench.ask(tenant));
      })();
      return { read, over, leave: () => gone.abort() };
    },
    change: (tenant = 'a', topic: PulseTopic = 'metrics') => {
      bench.state++;
      pulses.changed(tenant, topicSet(topic));
    },
  };
  return bench;
}

describe('answers that are shared', () => {
  it('are made once for all who ask while they are made and after, until the pulse that names their topic', async () => {
    const bench = workbench();
    bench.page();
    await settle();
    const before = bench.made;
    bench.change();
    await bench.clock.advance(50);
    await settle();
    expect(bench.made).toBe(before + 1);
    const all = await Promise.all(['one', 'two', 'three'].map((asker) => bench.ask('a', asker)));
    expect(all).toEqual(['a 1', 'a 1', 'a 1']);
    expect(bench.made).toBe(before + 1);
    // Of another topic: it stays.
    bench.change('a', 'budgets');
    await bench.clock.advance(900);
    expect(bench.made).toBe(before + 1);
  });

  it('are never older than the pulse after which they are asked for, however pulses and changes fall', async () => {
    const bench = workbench();
    const pages = Array.from({ length: 7 }, () => bench.page());
    await settle();
    for (let ms = 0; ms < 20_000; ms += 7) {
      if (ms % 3 !== 0) bench.change();
      await bench.clock.advance(7);
    }
    bench.change();
    await bench.clock.advance(2_000);
    await settle();
    for (const { read } of pages) {
      expect(read.at(-1)).toBe(`a ${bench.state}`);
      expect(read.map((text) => Number(text.slice(2)))).toEqual(
        read.map((text) => Number(text.slice(2))).toSorted((a, b) => a - b),
      );
      expect(read.length).toBeGreaterThan(15);
    }
    // And shared they were.
    expect(bench.made).toBeLessThan((pages.length * (pages[0]?.read.length ?? 0)) / 3);
  });

  it('are begun after the pulse was told, also where one is under way that was begun before', async () => {
    const bench = workbench();
    const { promise, resolve } = Promise.withResolvers<string>();
    bench.page();
    await bench.clock.advance(2_000);
    const question = { tenant: 'a', asker: 'somebody', name: '/slow', topics: topicSet('metrics') };
    const first = bench.answers.ask(question, () => promise);
    const waiting = bench.answers.ask(question, async () => 'made twice');
    bench.change();
    await bench.clock.advance(50);
    expect(await bench.answers.ask(question, async () => 'new')).toBe('new');
    resolve('old');
    expect([await first, await waiting]).toEqual(['old', 'old']);
    expect(await bench.answers.ask(question, async () => 'made twice')).toBe('new');
  });

  it('know what their asker has changed, before anybody is told of it', async () => {
    const bench = workbench();
    bench.page();
    await settle();
    expect(await bench.ask('a', 'writer')).toBe('a 0');
    const underWay = bench.ask('a', 'writer', '/list');
    bench.change();
    bench.answers.changed('a', 'writer');
    expect(await bench.ask('a', 'reader')).toBe('a 0');
    expect(await bench.ask('a', 'writer')).toBe('a 1');
    expect([await underWay, await bench.ask('a', 'writer', '/list')]).toEqual(['a 0', 'a 1']);
    // What is newer is for all.
    expect(await bench.ask('a', 'reader')).toBe('a 1');
  });

  it('are never those of another tenant, nor of another question', async () => {
    const bench = workbench();
    for (const tenant of ['a', 'b']) bench.page(tenant);
    await settle();
    const names = ['/stats', '/stats?timeRange=5'];
    const asked = ['a', 'b'].flatMap((tenant) => names.map((name) => bench.ask(tenant, 'somebody', name)));
    expect(await Promise.all(asked)).toEqual(['a 0', 'a 0', 'b 0', 'b 0']);
    expect(bench.made).toBe(4);
  });

  it('are not shared where nobody follows, nor with whoever follows first what was made before', async () => {
    const bench = workbench();
    await bench.ask();
    bench.state = 1;
    expect(await bench.ask()).toBe('a 1');
    const first = bench.page();
    await settle();
    first.leave();
    await first.over;
    // Nobody hears of this one.
    bench.change();
    const second = bench.page();
    await settle();
    expect(second.read).toEqual(['a 2']);
  });

  it('are a second old at most', async () => {
    const bench = workbench();
    bench.page();
    await settle();
    bench.state = 1;
    await bench.clock.advance(999);
    expect(await bench.ask()).toBe('a 0');
    await bench.clock.advance(1);
    expect(await bench.ask()).toBe('a 1');
  });

  it('are given to nobody else when they failed', async () => {
    const bench = workbench();
    bench.page();
    await settle();
    const question = { tenant: 'a', asker: 'somebody', name: '/fails', topics: topicSet('metrics') };
    const asked = [0, 1].map(() => bench.answers.ask(question, () => Promise.reject(new Error('broken'))));
    for (const failing of asked) await expect(failing).rejects.toThrow('broken');
    expect(await bench.answers.ask(question, async () => 'whole')).toBe('whole');
  });

  it('are kept in bounded numbers and lengths, and for nobody when it is over', async () => {
    const bench = workbench();
    const pages = Array.from({ length: 40 }, (_, n) => bench.page(`tenant-${n}`));
    await settle();
    for (let tenant = 0; tenant < 40; tenant++)
      for (let question = 0; question < 50; question++) await bench.ask(`tenant-${tenant}`, 'somebody', `/${question}`);
    expect(bench.answers.size).toBe(512);
    await bench.clock.advance(1_000);
    expect(bench.answers.size).toBe(0);
    const long = { tenant: 'tenant-1', asker: 'somebody', name: '/long', topics: topicSet('metrics') };
    await bench.answers.ask(long, async () => 'x'.repeat(32_769));
    await settle();
    expect(bench.answers.size).toBe(0);
    // Whoever changes things without end is not remembered without end, and still sees what they changed.
    await bench.ask('tenant-1');
    for (let asker = 0; asker <= 1_000; asker++) bench.answers.changed('tenant-1', `asker-${asker}`);
    expect(bench.answers.size).toBe(0);
    for (const { leave } of pages) leave();
    await Promise.all(pages.map(({ over }) => over));
    await bench.clock.advance(1_000);
    expect([bench.answers.size, bench.clock.timers]).toEqual([0, 0]);
  });
});
