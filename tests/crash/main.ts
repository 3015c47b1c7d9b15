/**
 * The process that dies: `node tests/crash/main.ts <state folder> <fault point> <occurrence>` goes through the story and
 * kills itself at the given passing of a fault point. It exits with 0 when it never came there.
 */
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
await using squadra = await openStory(stateDir, { faults });
await tell(squadra, ledgerOf(stateDir));
