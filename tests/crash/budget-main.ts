/**
 * The process that dies while it spends: `node tests/crash/budget-main.ts <state folder> <fault point> <occurrence>` kills
 * itself at the given passing of a fault point. It exits with 0 when it never came there.
 */
import { openSpending, spend } from './budget-story.ts';

const [stateDir = '', point = '', occurrence = '1'] = process.argv.slice(2);
let passed = 0;
const faults = {
  at: (here: string): void => {
    if (here === point && ++passed === Number(occurrence)) process.kill(process.pid, 'SIGKILL');
  },
};
await using squadra = await openSpending(stateDir, { faults });
await spend(squadra);
