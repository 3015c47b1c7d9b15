import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Draw, SharedBuckets } from '../../src/flow/shared-buckets.ts';

/** Two processes of a fleet that nobody else is part of, and a way to let time pass. */
export interface SharedBucketsPlay {
  readonly processes: readonly [SharedBuckets, SharedBuckets];
  pause(ms: number): Promise<void>;
}

/** So slow that nothing comes in while a test runs. */
const slowMs = 1e7;

function of(key: string, tokens: number, capacity = 5, tokenMs = slowMs): Draw {
  return { key, capacity, tokenMs, tokens };
}

/** What was told without waiting has arrived by then: Redis may have had to be told a second time, with the whole script. */
async function arrived(process: SharedBuckets): Promise<void> {
  await process.draw([]);
  await process.draw([]);
}

/** What processes can rely on that keep to limits together. */
export function sharedBucketsContract(name: string, open: () => Promise<SharedBucketsPlay>): void {
  describe(`buckets that processes share: ${name}`, () => {
    it('gives what a bucket holds to whoever comes first, and tells all what is left', async () => {
      const [one, other] = (await open()).processes;
      expect(await one.draw([of('a', 3)])).toEqual({ isTaken: true, left: [expect.closeTo(2, 3)], pausedMs: 0 });
      expect(await other.draw([of('a', 3)])).toEqual({ isTaken: false, left: [expect.closeTo(2, 3)], pausedMs: 0 });
      expect(await other.draw([of('a', 2)])).toMatchObject({ isTaken: true, left: [expect.closeTo(0, 3)] });
      expect(await one.draw([of('a', 0)])).toMatchObject({ left: [expect.closeTo(0, 3)] });
      expect([one.statistics(), other.statistics()]).toEqual([
        { taken: 2, refused: 0, unavailable: 0 },
        { taken: 1, refused: 1, unavailable: 0 },
      ]);
    });

    it('takes out of all buckets or out of none', async () => {
      const [one, other] = (await open()).processes;
      await one.draw([of('b', 5)]);
      expect(await other.draw([of('a', 1), of('b', 1), of('c', 1)])).toMatchObject({
        isTaken: false,
        left: [5, expect.closeTo(0, 3), 5],
      });
      expect(await other.draw([of('a', 5), of('c', 5)])).toMatchObject({ isTaken: true });
    });

    it('gives who needs more than there ever is all of it, and the others wait for what is missing', async () => {
      const [one, other] = (await open()).processes;
      await one.draw([of('a', 1)]);
      expect(await one.draw([of('a', 12)])).toMatchObject({ isTaken: false, left: [expect.closeTo(4, 3)] });
      one.correct([of('a', -1)]);
      await arrived(one);
      expect(await one.draw([of('a', 12)])).toMatchObject({ isTaken: true, left: [expect.closeTo(-7, 3)] });
      other.correct([of('a', -9)]);
      await arrived(other);
      expect(await other.draw([of('a', 3)])).toMatchObject({ isTaken: false, left: [expect.closeTo(2, 3)] });
    });

    it('never holds more than its capacity, whatever is put back', async () => {
      const [one, other] = (await open()).processes;
      one.correct([of('a', -100)]);
      await arrived(one);
      expect(await other.draw([of('a', 5)])).toMatchObject({ isTaken: true });
      expect(await one.draw([of('a', 1)])).toMatchObject({ isTaken: false });
    });

    it('fills as fast as it says: who waits for as long as was told gets it', async () => {
      const { processes, pause } = await open();
      const [one, other] = processes;
      const fast = of('a', 1, 2, 60);
      await one.draw([{ ...fast, tokens: 2 }]);
      for (const process of [one, other, one]) {
        const refused = await process.draw([fast]);
        expect(refused?.isTaken).toBe(false);
        await pause(Math.ceil((1 - (refused?.left[0] ?? 0)) * 60) + 1);
        expect((await process.draw([fast]))?.isTaken).toBe(true);
      }
    });

    it('gives nothing of what is paused, to nobody, and what is not paused goes on', async () => {
      const { processes, pause } = await open();
      const [one, other] = processes;
      one.pause('x', 300);
      one.pause('x', 5);
      await pause(20);
      const refused = await other.draw([of('a', 1)], 'x');
      expect(refused).toMatchObject({ isTaken: false, left: [5] });
      expect(refused?.pausedMs).toBeGreaterThan(0);
      expect(await other.draw([of('b', 1)], 'y')).toMatchObject({ isTaken: true, pausedMs: 0 });
      await pause(refused?.pausedMs ?? 0);
      await pause(5);
      expect(await other.draw([of('a', 1)], 'x')).toMatchObject({ isTaken: true, pausedMs: 0 });
    });

    it('comes to what a single process would, whoever draws, corrects and puts back', async () => {
      const { processes } = await open();
      const bucket = fc.constantFrom('a', 'b', 'c');
      const drawing = fc.record({
        isCorrection: fc.boolean(),
        who: fc.constantFrom(0, 1),
        tokens: fc.uniqueArray(fc.tuple(bucket, fc.integer({ min: -6, max: 12 })), { selector: ([key]) => key }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(drawing, { maxLength: 20 }), async (drawings) => {
          const fresh = randomUUID();
          const left = new Map<string, number>();
          for (const { isCorrection, who, tokens } of drawings) {
            const process = processes[who] ?? processes[0];
            // Nobody draws less than nothing.
            const wanted = tokens.map(([key, count]) => [key, isCorrection ? count : Math.abs(count)] as const);
            const draws = wanted.map(([key, count]) => of(`${fresh}:${key}`, count));
            const isThere = wanted.every(([key, count]) => Math.min(count, 5) <= (left.get(key) ?? 5));
            if (isCorrection || isThere)
              for (const [key, count] of wanted) left.set(key, Math.min(5, (left.get(key) ?? 5) - count));
            if (isCorrection) {
              process.correct(draws);
              await arrived(process);
              continue;
            }
            const expected = wanted.map(([key]) => expect.closeTo(left.get(key) ?? 5, 3) as unknown);
            expect(await process.draw(draws)).toEqual({ isTaken: isThere, left: expected, pausedMs: 0 });
          }
        }),
        { numRuns: 60 },
      );
    });
  });
}
