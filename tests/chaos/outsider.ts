/**
 * Somebody beside the process that is killed, with what the command line uses: reads the state, and sends commands by
 * whichever way there is at the moment: through the inbox, or by taking the state where nobody runs it.
 *
 *     node tests/chaos/outsider.ts <folder>
 *
 * Stops on SIGTERM.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { sendCommand } from '../../src/compose.ts';
import { openReports } from '../../src/compose/outside.ts';
import { SquadraError } from '../../src/index.ts';
import { chaosPaths, LineLog } from './logs.ts';
import type { AckLine } from './logs.ts';

const patienceMs = 1_500;
const [folder = '.'] = process.argv.slice(2);
const paths = chaosPaths(folder);
const options = { stateDir: paths.state };
using acks = new LineLog<AckLine>(paths.acks);
const called = new Set<string>();
let isStopping = false;
process.once('SIGTERM', () => (isStopping = true));

while (!isStopping) {
  for (const id of await waiting()) if (!isStopping && !called.has(id)) await call(id);
  await pause(50);
}
process.exit(0);

/** The executions that wait for a call. */
async function waiting(): Promise<string[]> {
  try {
    await using state = await openReports(options);
    const found = await state.reports.list('local', { workflow: 'called', status: 'waiting', limit: 20 });
    return found.map(({ id }) => id);
  } catch (error) {
    note('look from outside', error);
    return [];
  }
}

async function call(id: string): Promise<void> {
  const payload = `call-${id}`;
  try {
    await sendCommand(options, { tenant: 'local', name: 'signal', body: { id, name: 'call', payload } }, patienceMs);
    called.add(id);
    acks.write({ event: 'signalled', id, name: 'call', payload });
  } catch (error) {
    // What an owner has begun before it was killed is taken up by the next one.
    if (error instanceof SquadraError && error.details.begun === true) called.add(id);
    note(`call ${id}`, error);
  }
}

/** There may be no state yet, nobody who takes a command, or somebody else who took the state. */
function note(doing: string, error: unknown): void {
  const expected = ['NOT_FOUND', 'SHUTTING_DOWN', 'STORE_LOCKED', 'ALREADY_ENDED'];
  if (error instanceof SquadraError && expected.includes(error.code)) return;
  acks.write({ event: 'surprise', doing, error: error instanceof Error ? String(error.stack) : String(error) });
}
