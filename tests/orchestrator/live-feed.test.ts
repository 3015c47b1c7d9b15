import { expect, it } from 'vitest';
import { LiveText } from '../../src/bus/live-text.ts';
import { MemoryBus } from '../../src/bus/memory/memory-bus.ts';
import { LiveFeed } from '../../src/orchestrator/live-feed.ts';
import type { StoredEvent } from '../../src/orchestrator/events.ts';
import { TestClock } from '../../src/testing/test-clock.ts';

const id = 'execution';
const delta = (text: string, offset: number) => ({ executionId: id, stepKey: 'ask', attempt: 1, offset, text });

function open() {
  const bus = new MemoryBus();
  const liveText = new LiveText(bus, new TestClock(), { maxLiveTextBytes: 1_000_000 });
  return { liveText, feed: () => new LiveFeed(bus, liveText, id, undefined) };
}

it('begins with what calls in flight have said, and loses nothing of a call that ends before anybody looks', () => {
  const { liveText, feed } = open();
  liveText.add(delta('before ', 0));
  const late = feed();
  liveText.add(delta('within', 7));
  liveText.end(delta('', 13));
  expect(late.take()).toMatchObject([
    { event: 'text-so-far', offset: 0, text: 'before ' },
    { event: 'text-delta', offset: 7, text: 'within' },
  ]);
  expect(late.take()).toEqual([]);
});

it('says what a call has said in all to who missed pieces', () => {
  const { liveText, feed } = open();
  const slow = feed();
  for (let call = 0; call < 201; call++) liveText.add({ ...delta('a', 0), stepKey: `ask ${call}` });
  const pieces = slow.take();
  expect(pieces).toHaveLength(201);
  expect(new Set(pieces.map(({ event }) => event))).toEqual(new Set(['text-so-far']));
});

it('gives the text of a call before the record that ends it, and leaves that of others', () => {
  const { liveText, feed } = open();
  const follower = feed();
  liveText.add(delta('of this call', 0));
  liveText.add({ ...delta('of another', 0), stepKey: 'other' });
  const ends = { event: 'step', kind: 'step', seq: 3, at: 0, key: 'ask', type: 'model', attempt: 1 } as const;
  const record = (phase: 'started' | 'completed'): StoredEvent => ({ ...ends, phase }) as unknown as StoredEvent;
  expect(follower.takeEndedBy(record('started'))).toEqual([]);
  expect(follower.takeEndedBy(record('completed'))).toMatchObject([{ text: 'of this call' }]);
  expect(follower.take()).toMatchObject([{ text: 'of another' }]);
});

it('gives nothing of an attempt after the record that ends it, however late its text arrives', () => {
  const { liveText, feed } = open();
  const follower = feed();
  const ended = { event: 'step', kind: 'step', seq: 3, at: 0, key: 'ask', type: 'model', attempt: 1, phase: 'failed' };
  follower.takeEndedBy(ended as unknown as StoredEvent);
  liveText.add(delta('late', 0));
  expect(follower.take()).toEqual([]);
  liveText.add({ ...delta('again', 0), attempt: 2 });
  expect(follower.take()).toMatchObject([{ attempt: 2, text: 'again' }]);
});
