import { describe, expect, it } from 'vitest';
import { Lateness } from '../../src/flow/lateness.ts';
import { TestClock } from '../../src/testing/test-clock.ts';

const settings = { maxWaitMs: 100, burst: 1 };

/** What happens, one after the other: time passes, one comes (and what becomes of it), one leaves. */
type Happening =
  | { readonly ms: number }
  | { readonly comes: 'let in' | 'refused' }
  | { readonly leaves: number; readonly isServed?: boolean };

const letIn: Happening = { comes: 'let in' };
const refused: Happening = { comes: 'refused' };

/** What became of those who came, beside what is expected. */
async function follow(
  happenings: readonly Happening[],
  clock: TestClock,
  lateness: Lateness,
): Promise<{ readonly became: string[]; readonly expected: string[] }> {
  const leave: ((isServed: boolean) => void)[] = [];
  const [became, expected]: [string[], string[]] = [[], []];
  for (const happening of happenings) {
    if ('ms' in happening) await clock.advance(happening.ms);
    else if ('leaves' in happening) leave[happening.leaves]?.(happening.isServed ?? true);
    else {
      const isAdmitted = lateness.admits();
      if (isAdmitted) leave.push(lateness.enter());
      became.push(isAdmitted ? 'let in' : 'refused');
      expected.push(happening.comes);
    }
  }
  return { became, expected };
}

describe('lateness', () => {
  it.each<[string, readonly Happening[]]>([
    ['lets in whoever comes while nobody waits for long', [letIn, { ms: 100 }, letIn, letIn]],
    [
      'takes the burst, and then nobody, while the oldest waits too long',
      [letIn, { ms: 101 }, letIn, refused, refused],
    ],
    ['lets in again when the oldest was served', [letIn, { ms: 101 }, letIn, refused, { leaves: 0 }, letIn]],
    ['stays closed while the next one waits too long, too', [letIn, letIn, { ms: 101 }, letIn, { leaves: 0 }, refused]],
    ['counts from when the next one came', [letIn, { ms: 80 }, letIn, { ms: 80 }, letIn, { leaves: 0 }, letIn]],
    ['does not count what is older than one that was served', [letIn, letIn, { ms: 500 }, { leaves: 1 }, letIn]],
    [
      'is told nothing by one that left unserved',
      [letIn, letIn, { ms: 101 }, letIn, { leaves: 1, isServed: false }, refused],
    ],
    ['forgets one that left unserved', [letIn, { ms: 101 }, letIn, { leaves: 0, isServed: false }, letIn]],
    ['has its burst again after a minute', [letIn, { ms: 101 }, letIn, refused, { ms: 60_000 }, letIn, refused]],
  ])('%s', async (_, happenings) => {
    const clock = new TestClock();
    const { became, expected } = await follow(happenings, clock, new Lateness(settings, clock));
    expect(became).toEqual(expected);
  });

  it('never refuses when it is turned off', async () => {
    const clock = new TestClock();
    const lateness = new Lateness({ ...settings, maxWaitMs: 0 }, clock);
    const { became, expected } = await follow([letIn, { ms: 1e6 }, letIn, letIn, letIn], clock, lateness);
    expect(became).toEqual(expected);
  });

  it('is late from a wait that was too long until a second after the last one', async () => {
    const clock = new TestClock();
    const lateness = new Lateness(settings, clock);
    await follow([letIn, { ms: 101 }], clock, lateness);
    expect(lateness.isLate).toBe(false);
    await follow([letIn, { ms: 999 }], clock, lateness);
    expect(lateness.isLate).toBe(true);
    await clock.advance(1);
    expect(lateness.isLate).toBe(false);
  });

  it('tells each who is refused a place behind the others, at half of the measured pace', async () => {
    const clock = new TestClock();
    const lateness = new Lateness({ maxWaitMs: 100, burst: 100_000 }, clock);
    // A hundred are served in a second, for five seconds, and each time somebody waits too long.
    for (let n = 0; n < 50; n++) {
      const leave = Array.from({ length: 10 }, () => lateness.enter());
      await clock.advance(101);
      lateness.admits();
      for (const one of leave) one(true);
    }
    const waits = Array.from({ length: 1_000 }, () => lateness.retryAfterMs());
    expect(waits[0]).toBe(1_000);
    expect(waits.toSorted((a, b) => a - b)).toEqual(waits);
    // The thousandth of those who come back at fifty a second.
    expect(waits.at(-1)).toBeGreaterThan(18_000);
    expect(waits.at(-1)).toBeLessThan(22_000);
  });
});
