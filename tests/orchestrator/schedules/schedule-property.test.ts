import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import type { Faults, FaultPoint } from '../../../src/kernel/faults.ts';
import { ticksOf } from '../../../src/orchestrator/schedules/ticks.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { openTemporaryState } from '../../work/sqlite/open-state.ts';
import { Rig } from './rig.ts';

const start = Date.UTC(2026, 2, 29);

/** What happens to a process that has a schedule tick. */
type Happening =
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'jump'; readonly ms: number }
  | { readonly kind: 'end' }
  | { readonly kind: 'stop'; readonly ms: number }
  | { readonly kind: 'crash'; readonly point: FaultPoint; readonly passing: number };

const ms = fc.integer({ min: 1, max: 20_000 });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ kind: fc.constant('time' as const), ms }),
  fc.record({ kind: fc.constant('jump' as const), ms: fc.integer({ min: -30_000, max: 60_000 }) }),
  fc.record({ kind: fc.constant('end' as const) }),
  fc.record({ kind: fc.constant('stop' as const), ms }),
  fc.record({
    kind: fc.constant('crash' as const),
    point: fc.constantFrom<FaultPoint>('submit.before', 'submit.after', 'wake.before', 'wake.after'),
    passing: fc.integer({ min: 1, max: 4 }),
  }),
);
const rhythm = fc.constantFrom({ every: '1s' }, { every: 2_500 }, { cron: '*/3 * * * * *' }, { every: '7s' });

/** From the given passing of a point on nothing gets any further: so it looks to the file when the process was killed there. */
function killsAt(point: FaultPoint, passing: number): Faults {
  let left = passing;
  return {
    at: (here) => {
      if (left <= 0 || (here === point && --left === 0)) throw new Error('The process is gone.');
    },
  };
}

it('fires each tick once and loses none, whatever crashes, however the clock jumps', { timeout: 60_000 }, async () => {
  const clock = new TestClock(start);
  const state = await openTemporaryState(clock);
  onTestFinished(() => state[Symbol.asyncDispose]());
  let begins = 0;
  await fc.assert(
    fc.asyncProperty(rhythm, fc.array(happening, { maxLength: 12 }), async (when, happenings) => {
      const rig = new Rig(state, clock, 'local');
      rig.runner.serve();
      const id = await rig.create({ ...when, missed: 'all', overlap: 'queue' });
      const { nextAt: first, rhythm: stored } = await rig.schedule(id);
      const openEnds = (): string[] => rig.begun.splice(0);
      for (const what of happenings) {
        if (what.kind === 'time') await rig.advance(what.ms);
        else if (what.kind === 'jump') await rig.set(clock.now() + what.ms);
        else if (what.kind === 'end') for (const one of openEnds()) await rig.end(one);
        else if (what.kind === 'crash') await rig.restart(killsAt(what.point, what.passing));
        else {
          rig.runner[Symbol.dispose]();
          await rig.advance(what.ms);
        }
      }
      await rig.restart();
      await rig.advance(61_000);
      const { nextAt } = await rig.schedule(id);
      const expected: number[] = [];
      const ticks = ticksOf(stored);
      for (let tick = first ?? 0; tick < (nextAt ?? 0); tick = ticks.after(tick) ?? Infinity) expected.push(tick);
      expect((await rig.firings(id)).map(({ tick }) => tick)).toEqual(expected);
      begins += expected.length;
      // The last of them is behind the clock by less than a tick.
      expect(nextAt).toBeGreaterThan(clock.now());
      await rig.state.schedules.remove('local', id, null);
      rig.runner[Symbol.dispose]();
    }),
    { numRuns: 25 },
  );
  expect(begins).toBeGreaterThan(100);
});
