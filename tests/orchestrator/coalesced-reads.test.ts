import { expect, it } from 'vitest';
import { CoalescedReads } from '../../src/orchestrator/coalesced-reads.ts';
import { settle, TestClock } from '../../src/testing/test-clock.ts';

/** Reads that end when they are told to. */
function openReads() {
  const clock = new TestClock();
  const reads = new CoalescedReads(clock);
  const begun: { resolve: (value: number) => void; reject: (error: Error) => void }[] = [];
  const read = (key = 'a') =>
    reads.read(key, () => {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      begun.push({ resolve, reject });
      return promise;
    });
  return { clock, begun, read };
}

it('reads once for all who ask before it begins, and again for those who ask while it runs', async () => {
  const { begun, read } = openReads();
  const first = [read(), read()];
  await settle();
  expect(begun).toHaveLength(1);
  const later = [read(), read(), read()];
  await settle();
  expect(begun).toHaveLength(1);
  begun[0]?.resolve(1);
  expect(await Promise.all(first)).toEqual([1, 1]);
  await settle();
  expect(begun).toHaveLength(2);
  begun[1]?.resolve(2);
  expect(await Promise.all(later)).toEqual([2, 2, 2]);
});

it('pauses after a read for twice as long as it took, and for no other key', async () => {
  const { clock, begun, read } = openReads();
  const first = read();
  await settle();
  await clock.advance(500);
  begun[0]?.resolve(1);
  await first;
  const second = read();
  const other = read('b');
  await settle();
  expect(begun).toHaveLength(2);
  begun[1]?.resolve(7);
  expect(await other).toBe(7);
  await clock.advance(999);
  expect(begun).toHaveLength(2);
  await clock.advance(1);
  expect(begun).toHaveLength(3);
  begun[2]?.resolve(2);
  expect(await second).toBe(2);
});

it('tells a failure to those who asked for that read, and reads again for the next', async () => {
  const { begun, read } = openReads();
  const first = [read(), read()].map((asked) => asked.catch((error: unknown) => String(error)));
  await settle();
  const second = read();
  begun[0]?.reject(new Error('no'));
  expect(await Promise.all(first)).toEqual(['Error: no', 'Error: no']);
  await settle();
  begun[1]?.resolve(2);
  expect(await second).toBe(2);
});
