import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineFactory } from '../support/assembly.ts';
import type { Death } from '../support/mortal-store.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import type { ContractState, OpenState } from './contract-state.ts';
import { play } from './engine-play.ts';
import type { Play } from './engine-play.ts';
import { shapes } from './engine-shape.ts';

/** Orders per shape that are killed after every commit, and orders that are killed twice at generated places. */
const runs = { everyCommit: 2, twice: 8 };

/** Every shape, every order, every crash. */
export function everyShape(makeEngine: EngineFactory, openState: OpenState): void {
  describe.each(shapes)('$name', (shape) => {
    const clock = new TestClock();
    let state: ContractState;
    beforeAll(async () => void (state = await openState(clock)));
    afterAll(() => state[Symbol.asyncDispose]());

    const orders = fc.shuffledSubarray([...shape.cues], { minLength: shape.cues.length });
    const whole = (order: readonly string[], deaths: readonly Death[] = []): Promise<Play> =>
      play({ state, clock, makeEngine }, shape, order, deaths);

    it('comes out the same however a crash falls: before and after each of its commits', async () => {
      await fc.assert(
        fc.asyncProperty(orders, async (order) => {
          const quiet = await whole(order);
          expect(quiet.breaches).toEqual([]);
          for (let commit = 1; commit <= quiet.commits; commit++) {
            for (const when of ['before', 'after'] as const) {
              const deaths = [{ commit, when }];
              expect(told(await whole(order, deaths), deaths)).toEqual(told(quiet, deaths));
            }
          }
        }),
        { numRuns: runs.everyCommit },
      );
    });

    it('comes out the same when the replay dies too', async () => {
      const death = fc.record({ commit: fc.integer({ min: 1, max: 8 }), when: fc.constantFrom('before', 'after') });
      await fc.assert(
        fc.asyncProperty(orders, fc.array(death, { minLength: 2, maxLength: 3 }), async (order, deaths) => {
          expect(told(await whole(order, deaths), deaths)).toEqual(told(await whole(order), deaths));
        }),
        { numRuns: runs.twice },
      );
    });
  });
}

/** What has to be the same with and without deaths; they are named so that a failure shows them. */
function told({ outcome, heard, breaches, records }: Play, deaths: readonly Death[]) {
  const gaps = records.filter(({ seq }, place) => seq !== place + 1);
  return { deaths, outcome: withoutStack(outcome), heard, breaches: [...breaches, ...gaps] };
}

/** The stack of an error names the place it was made at, which differs between the first run and a replay's rethrow. */
function withoutStack(outcome: Play['outcome']): unknown {
  if (outcome.status !== 'failed') return outcome;
  const { stack: _, ...error } = outcome.error;
  return { ...outcome, error };
}
