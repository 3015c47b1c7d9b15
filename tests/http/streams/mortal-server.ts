import { openAssembly } from '../../../src/compose.ts';
import { readSettings } from '../../../src/config/settings.ts';
import { Readiness } from '../../../src/http/readiness.ts';
import { startServer } from '../../../src/http/server.ts';
import { noFaults } from '../../../src/kernel/faults.ts';
import type { Faults } from '../../../src/kernel/faults.ts';

/** How it is started: where the state lies, the port (0 takes any), and after how many commits of steps it dies. */
export interface MortalServerOrder {
  readonly stateDir: string;
  readonly port: number;
  readonly diesAfter: number | null;
}

/** Dies in the moment after a commit, before anybody was told of it. */
function mortal(diesAfter: number): Faults {
  let left = diesAfter;
  return {
    at: (point) => {
      if (point === 'step.after' && --left === 0) process.kill(process.pid, 'SIGKILL');
    },
  };
}

const { stateDir, port, diesAfter } = JSON.parse(process.argv[2] ?? '{}') as MortalServerOrder;
const faults = diesAfter === null ? noFaults : mortal(diesAfter);
const assembly = await openAssembly(
  { stateDir },
  { faults, offlinePaceMs: 1, readSettings: (overrides) => readSettings({}, overrides) },
);
const server = await startServer({ ...assembly, readiness: new Readiness() }, { host: '127.0.0.1', port });
process.send?.(server.url);
process.on('disconnect', () => process.exit(0));
