/**
 * A process that runs a state folder for a test: `state-owner.ts <folder> [serve]`. Says `open` when it has it, and with
 * `serve` answers each command of the inbox by its body. Each line of its standard input is the name of a squad to create.
 */
import { createInterface } from 'node:readline';
import { systemClock } from '../../../src/kernel/clock.ts';
import { SquadraError } from '../../../src/kernel/errors.ts';
import { openSqliteState } from '../../../src/work/sqlite/sqlite-state.ts';
import { newSquad } from '../../contracts/contract-state.ts';
import { testSettings } from './open-state.ts';

const [folder = '', mode] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  const state = await openSqliteState({ ...testSettings, stateDir: folder }, systemClock, 'serve');
  if (mode === 'serve') state.inbox.serve(async (command) => ({ ok: true, value: [command.name, command.body] }));
  say('open');
  for await (const name of createInterface({ input: process.stdin })) {
    await state.squads.create('local', newSquad({ name }));
    say(`stored ${name}`);
  }
  await state[Symbol.asyncDispose]();
  process.exit(0);
} catch (error) {
  say(error instanceof SquadraError ? `${error.code} ${JSON.stringify(error.details)}` : String(error));
  process.exit(3);
}
