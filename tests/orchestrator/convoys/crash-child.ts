/**
 * The process that dies: `node crash-child.ts <state folder> <model server> <fault point> <occurrence>` works off a convoy of
 * two levels, made by a workflow, and kills itself at the given passing of a fault point; 0 when it never came there.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { faultPoints } from '../../../src/kernel/faults.ts';
import { openCrew, crew } from './crew.ts';

const [stateDir = '', url = '', point = '', occurrence = '1'] = process.argv.slice(2);
if (!faultPoints.some((known) => known === point)) throw new Error(`There is no fault point '${point}'.`);
let passed = 0;
await using squadra = await openCrew(stateDir, url, {
  at: (here) => {
    if (here === point && ++passed === Number(occurrence)) process.kill(process.pid, 'SIGKILL');
  },
});
const run = await squadra.submit(crew, { squad: 'software', input: {} });
await run.result();
await turn();
