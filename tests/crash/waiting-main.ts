/** The process that dies while calls wait for their turn: `node tests/crash/waiting-main.ts <state folder>`. */
import { existsSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { callsFile, openWaiting, submitThree } from './waiting-story.ts';

const [stateDir = ''] = process.argv.slice(2);
const squadra = await openWaiting(stateDir, true);
await submitThree(squadra);
while (!existsSync(callsFile(stateDir)) || squadra.statistics().calls.waiting < 2) await turn();
process.kill(process.pid, 'SIGKILL');
