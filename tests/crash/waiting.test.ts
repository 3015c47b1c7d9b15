import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Run } from '../../src/orchestrator/run-handle.ts';
import { temporaryFolder } from '../work/sqlite/open-state.ts';
import { callsFile, openWaiting, submitThree } from './waiting-story.ts';

it('is not in doubt about calls that waited for their turn when it was killed, and makes them once', async () => {
  await using folder = await temporaryFolder();
  const main = fileURLToPath(new URL('./waiting-main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, folder.path], { stdio: ['ignore', 'inherit', 'inherit'] });
  const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  expect(signal).toBe('SIGKILL');
  expect(callsOf(folder.path)).toBe(1);

  await using squadra = await openWaiting(folder.path, false);
  const runs = await submitThree(squadra);
  expect(await Promise.all(runs.map((run) => run.result()))).toMatchObject(
    runs.map(() => ({ status: 'completed', output: 'Tested.' })),
  );
  const waited = ['1 intent', '1 completed'];
  const inFlight = ['1 intent', '1 failed', '2 intent', '2 completed'];
  const recorded = await Promise.all(runs.map(attemptsOf));
  // Which of them had its turn is not said.
  expect(recorded.toSorted((a, b) => b.length - a.length)).toEqual([inFlight, waited, waited]);
  expect(callsOf(folder.path)).toBe(4);
});

function callsOf(stateDir: string): number {
  return readFileSync(callsFile(stateDir), 'utf8').trim().split('\n').length;
}

/** What the journal says of the attempts of its only call. */
async function attemptsOf(run: Run<string>): Promise<readonly string[]> {
  const attempts: string[] = [];
  for await (const event of run.events())
    if (event.event === 'step' && event.type === 'model') attempts.push(`${event.attempt} ${event.phase}`);
  return attempts;
}
