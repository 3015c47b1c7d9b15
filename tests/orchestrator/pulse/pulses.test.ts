import { describe, expect, it } from 'vitest';
import { MemoryBus } from '../../../src/bus/memory/memory-bus.ts';
import { allTopics, pulseTopics, topicSet, topicsOf } from '../../../src/orchestrator/pulse/pulse-topic.ts';
import { Pulses } from '../../../src/orchestrator/pulse/pulses.ts';
import { topicsOfCommit } from '../../../src/orchestrator/pulse/watched-stores.ts';
import { settle, TestClock } from '../../../src/testing/test-clock.ts';
import type { StepRecord } from '../../../src/work/journal.ts';

/** Somebody who follows, and what it was told since the beginning. */
function follower(pulses: Pulses, tenant: string) {
  const gone = new AbortController();
  const told: string[] = [];
  const over = (async () => {
    for await (const changed of pulses.follow(tenant, gone.signal)) told.push(topicsOf(changed).join(' '));
  })();
  return { told, over, leave: () => gone.abort() };
}

function workbench() {
  const clock = new TestClock();
  const bus = new MemoryBus();
  return { clock, bus, pulses: new Pulses(bus, clock) };
}

const committed = (tenant: string) => ({ kind: 'committed', tenant, executionId: 'e' }) as const;
const everything = pulseTopics.join(' ');

describe('pulses', () => {
  it('tell a newcomer all topics, and then nothing as long as nothing changes', async () => {
    const { clock, pulses } = workbench();
    const { told } = follower(pulses, 'a');
    await clock.advance(3_600_000);
    expect(told).toEqual([everything]);
    expect(clock.timers).toBe(0);
  });

  it('tell what changed once a second at most, however much changes and however many follow', async () => {
    const { clock, bus, pulses } = workbench();
    const all = Array.from({ length: 50 }, () => follower(pulses, 'a'));
    await settle();
    for (let ms = 0; ms < 9_100; ms += 10) {
      bus.publish(committed('a'));
      pulses.changed('a', topicSet('costs'));
      await clock.advance(10);
      expect(clock.timers).toBeLessThanOrEqual(2);
    }
    // The last of them has its turn.
    await clock.advance(900);
    for (const { told } of all) {
      expect(told.slice(0, 2)).toEqual([everything, 'executions costs']);
      expect(told.length).toBe(11);
    }
  });

  it('give followers their turns, so that they do not read all at once, and all within the second', async () => {
    const { clock, pulses } = workbench();
    const all = Array.from({ length: 120 }, () => follower(pulses, 'a'));
    await settle();
    pulses.changed('a', topicSet('squads'));
    const hearing: number[] = [];
    for (let heard = 0; heard < all.length;) {
      await clock.advance(clock.untilNextMs ?? 0);
      const now = all.filter(({ told }) => told.length === 2).length;
      hearing.push(now - heard);
      heard = now;
    }
    expect(new Set(hearing)).toEqual(new Set([3]));
    expect(clock.timers).toBe(0);
    // A clock that is late makes nobody wait for the next pulse, and tells nobody twice.
    pulses.changed('a', topicSet('budgets'));
    await clock.advance(1_000);
    pulses.changed('a', topicSet('costs'));
    await clock.advance(2_000);
    expect(new Set(all.map(({ told }) => told.slice(2).join(', ')))).toEqual(new Set(['budgets, costs']));
  });

  it('give those of all tenants their turns in one line, a tenant after the other', async () => {
    const { clock, pulses } = workbench();
    const all = Array.from({ length: 50 }, (_, n) => ({ tenant: `${n % 20}`, ...follower(pulses, `${n % 20}`) }));
    await settle();
    pulses.changedForAll(topicSet('system'));
    const line: string[] = [];
    const times: number[] = [];
    while (line.length < all.length) {
      await clock.advance(clock.untilNextMs ?? 0);
      for (const { tenant, told } of all)
        if (told.length === 2) {
          line.push(tenant);
          times.push(clock.now());
          told.push('seen');
        }
    }
    expect(new Set(times).size).toBe(50);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(1_000);
    // Beside each other, so that they share what is made for the first of them.
    expect(line.filter((tenant, place) => tenant !== line[place - 1]).length).toBe(20);
    expect(clock.timers).toBe(0);
  });

  it('tell one page at once, also right after others', async () => {
    const { clock, pulses } = workbench();
    const [a, b] = [follower(pulses, 'a'), follower(pulses, 'b')];
    await settle();
    pulses.changed('a', topicSet('squads'));
    await clock.advance(45);
    pulses.changed('b', topicSet('squads'));
    await clock.advance(5);
    expect([a.told.length, b.told.length]).toEqual([2, 1]);
    await clock.advance(45);
    expect(b.told.length).toBe(2);
  });

  it('tell whoever listens before any follower, and of everything with the first one', async () => {
    const { clock, pulses } = workbench();
    const heard: string[] = [];
    pulses.onTell((tenant, topics) => heard.push(`${tenant}: ${topicsOf(topics).join(' ')}`));
    const { told, leave, over } = follower(pulses, 'a');
    follower(pulses, 'a');
    await settle();
    expect(heard).toEqual([`a: ${everything}`]);
    pulses.changed('a', topicSet('squads'));
    await clock.advance(50);
    expect([heard.slice(1), told.slice(1)]).toEqual([['a: squads'], ['squads']]);
    leave();
    await over;
    expect(pulses.isFollowed('a')).toBe(true);
    expect(pulses.isFollowed('b')).toBe(false);
  });

  it('tell what changed after the last pulse with the next one', async () => {
    const { clock, pulses } = workbench();
    const { told } = follower(pulses, 'a');
    await settle();
    pulses.changed('a', topicSet('squads'));
    await clock.advance(100);
    pulses.changed('a', topicSet('budgets'));
    await clock.advance(900);
    expect(told.slice(1)).toEqual(['squads']);
    await clock.advance(100);
    expect(told.slice(1)).toEqual(['squads', 'budgets']);
  });

  it('tell a tenant nothing of another, and all of what is for all', async () => {
    const { clock, bus, pulses } = workbench();
    const [a, b] = [follower(pulses, 'a'), follower(pulses, 'b')];
    await settle();
    bus.publish(committed('a'));
    pulses.changed('a', topicSet('approvals'));
    pulses.changed('nobody', topicSet('approvals'));
    await clock.advance(1_000);
    expect([a.told.slice(1), b.told.slice(1)]).toEqual([['executions approvals'], []]);
    pulses.changedForAll(topicSet('system'));
    await clock.advance(1_000);
    expect([a.told.slice(2), b.told.slice(1)]).toEqual([['system'], ['system']]);
  });

  it('hold nothing of who has left', async () => {
    const { clock, bus, pulses } = workbench();
    const [first, second] = [follower(pulses, 'a'), follower(pulses, 'a')];
    await settle();
    first.leave();
    await first.over;
    expect([pulses.size, bus.listenedTo]).toEqual([1, 1]);
    pulses.changed('a', topicSet('squads'));
    second.leave();
    await second.over;
    expect([pulses.size, bus.listenedTo, clock.timers]).toEqual([0, 0, 0]);
  });

  it('gather for who does not take them', async () => {
    const { clock, pulses } = workbench();
    const gone = new AbortController();
    const slow = pulses.follow('a', gone.signal);
    expect((await slow.next()).value).toBe(allTopics);
    for (const topic of ['squads', 'budgets', 'squads'] as const) {
      pulses.changed('a', topicSet(topic));
      await clock.advance(2_000);
    }
    expect((await slow.next()).value).toBe(topicSet('squads', 'budgets'));
    gone.abort();
    expect((await slow.next()).done).toBe(true);
  });

  it('end when Squadra is closed', async () => {
    const { bus, pulses } = workbench();
    const { over } = follower(pulses, 'a');
    await settle();
    bus.close();
    await expect(over).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await expect(follower(pulses, 'a').over).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });
});

describe('what a commit changes', () => {
  const step = (fields: Pick<StepRecord, 'type' | 'phase'>) => ({
    records: [{ kind: 'step', key: 'k', attempt: 1, ...fields } as StepRecord],
  });
  const failed = { kind: 'status', status: 'failed' } as const;
  it.each([
    ['a model call that was settled', step({ type: 'model', phase: 'completed' }), 'budgets metrics costs'],
    ['one that failed', step({ type: 'model', phase: 'failed' }), 'budgets metrics costs'],
    ['one that leaves', step({ type: 'model', phase: 'intent' }), ''],
    ['a step that is done', step({ type: 'run', phase: 'completed' }), 'metrics'],
    ['a question', step({ type: 'approval', phase: 'waiting' }), 'approvals'],
    ['its claim', null, 'metrics'],
    ['the end', { records: [failed] }, 'metrics'],
    ['the end of what has calls in flight', { records: [failed], closesItems: true }, 'budgets metrics costs'],
  ])('%s', (_, commit, topics) => {
    expect(topicsOf(topicsOfCommit(commit, false)).join(' ')).toBe(topics);
  });

  it('takes back questions with the end of what asked some', () => {
    expect(topicsOf(topicsOfCommit({ records: [failed] }, true))).toEqual(['approvals', 'metrics']);
  });
});
