/**
 * The process that dies: `node crash-child.ts <state folder> <fault point> <occurrence>` has a schedule tick, and kills itself at
 * the given passing of a fault point after the schedule was made.
 */
import { faultPoints } from '../../../src/kernel/faults.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { openTicking, request, start, untilTold } from './ticking.ts';

const [stateDir = '', point = '', occurrence = '1'] = process.argv.slice(2);
if (!faultPoints.some((known) => known === point)) throw new Error(`There is no fault point '${point}'.`);
let passed = 0;
const clock = new TestClock(start);
await using squadra = await openTicking(stateDir, clock, {
  at: (here) => {
    if (here === point && ++passed === Number(occurrence)) process.kill(process.pid, 'SIGKILL');
  },
});
await squadra.schedules.create(request);
await untilTold(squadra, clock, 20);
