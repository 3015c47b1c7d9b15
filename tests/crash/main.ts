/**
 * The process that dies: `node tests/crash/main.ts <state folder> <fault point> <occurrence>` goes through the story and
 * kills itself at the given passing of a fault point. It exits with 0 when it never came there.
 */
import { systemClock } from '../../src/kernel/clock.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { faultPoints } from '../../src/kernel/faults.ts';
import { ledgerOf, openStory, tell } from './story.ts';

const [stateDir = '', point = '', occurrence = '1'] = process.argv.slice(2);
if (!faultPoints.some((known) => known === point)) throw new Error(`There is no fault point '${point}'.`);

let passed = 0;
const faults = {
  at: (here: string): void => {
    if (here === point && ++passed === Number(occurrence)) process.kill(process.pid, 'SIGKILL');
  },
};
/**
 * Stands still within a turn of the event loop. The story's nap is short: where the machine is busy it would be over before
 * the run has come to rest, which then would not park, and later passings would not be those that a row means.
 */
let turn: number | null = null;
const clock: Clock = {
  ...systemClock,
  now: () => {
    if (turn === null) {
      turn = systemClock.now();
      setImmediate(() => (turn = null));
    }
    return turn;
  },
};
await using squadra = await openStory(stateDir, { faults, clock });
await tell(squadra, ledgerOf(stateDir));
