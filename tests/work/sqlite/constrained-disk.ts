/**
 * What a state does on a disk that is full or must not be written: run by the test of the same name on a disk made for
 * it. Says what it found as one line of JSON.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../src/kernel/clock.ts';
import { SquadraError } from '../../../src/kernel/errors.ts';
import { openSqliteState } from '../../../src/work/sqlite/sqlite-state.ts';
import { newExecution } from '../../contracts/contract-state.ts';
import { testSettings } from './open-state.ts';

const [task, stateDir = ''] = process.argv.slice(2);
const open = () => openSqliteState({ ...testSettings, stateDir }, systemClock, 'run');
const codeOf = (error: unknown) => (error instanceof SquadraError ? error.code : String(error));

/** Fills the disk by submissions, ten at a time, until all of a round are refused; then frees some of it. */
async function fill(): Promise<object> {
  const ballast = join(stateDir, 'ballast');
  writeFileSync(ballast, Buffer.alloc(2 * 1024 * 1024));
  const state = await open();
  const input = JSON.stringify({ message: 'x'.repeat(20_000) });
  const stored: string[] = [];
  const refused: string[] = [];
  const codes = new Set<string>();
  const round = async (): Promise<number> => {
    const executions = Array.from({ length: 10 }, () => newExecution({ input }));
    const outcomes = await Promise.allSettled(
      executions.map((execution) => state.executions.submit('local', execution)),
    );
    for (const [place, outcome] of outcomes.entries()) {
      const id = executions[place]?.id ?? '';
      if (outcome.status === 'fulfilled') stored.push(id);
      else {
        refused.push(id);
        codes.add(codeOf(outcome.reason));
      }
    }
    return outcomes.filter((outcome) => outcome.status === 'fulfilled').length;
  };
  for (let rounds = 0; rounds < 500 && (await round()) > 0; rounds++);
  const wasStored = stored.length;
  const readable = async (ids: readonly string[]) =>
    (await Promise.all(ids.map((id) => state.reports.get('local', id)))).filter((execution) => execution !== null)
      .length;
  const whileFull = { stored: await readable(stored), refused: await readable(refused) };
  rmSync(ballast);
  const afterwards = await round();
  await state[Symbol.asyncDispose]();
  const again = await open();
  const kept = (await Promise.all(stored.map((id) => again.reports.get('local', id)))).every((found) => found !== null);
  await again[Symbol.asyncDispose]();
  return { wasStored, codes: [...codes], whileFull, afterwards, kept };
}

async function tryToOpen(): Promise<object> {
  try {
    await (await open())[Symbol.asyncDispose]();
    return { opened: true };
  } catch (error) {
    return { opened: false, code: codeOf(error), message: String(error) };
  }
}

process.stdout.write(JSON.stringify(task === 'fill' ? await fill() : await tryToOpen()));
process.exit(0);
