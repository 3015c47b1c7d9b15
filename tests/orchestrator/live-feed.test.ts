import { expect, it } from 'vitest';
import { LiveText } from '../../src/bus/live-text.ts';
import { MemoryBus } from '../../src/bus/memory/memory-bus.ts';
import { LiveFeed } from '../../src/orchestrator/live-feed.ts';
import { TestClock } from '../support/test-clock.ts';

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
