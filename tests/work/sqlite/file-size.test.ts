import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { openSqliteState, statePaths } from '../../../src/work/sqlite/sqlite-state.ts';
import { completedStep, newExecution, running, status } from '../../contracts/contract-state.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { temporaryFolder, testSettings } from './open-state.ts';

it('the file does not grow when as much is pruned as comes in', async () => {
  await using folder = await temporaryFolder();
  const clock = new TestClock();
  const output = JSON.stringify('x'.repeat(3_000));
  const pages: number[] = [];
  for (let round = 0; round < 4; round++) {
    const state = await openSqliteState({ ...testSettings, stateDir: folder.path }, clock, 'test');
    const one = async (): Promise<void> => {
      const { session } = await running(state, 'local', { input: JSON.stringify({ message: 'y'.repeat(1_000) }) });
      await session.commit({ records: [completedStep('plan', { output }), status('completed', { output })] });
    };
    await Promise.all(Array.from({ length: 300 }, one));
    await state.executions.submit('local', newExecution());
    await clock.advance(1_000);
    while ((await state.executions.prune(clock.now(), 50)) > 0);
    await state[Symbol.asyncDispose]();
    using database = new DatabaseSync(statePaths(folder.path).database, { readOnly: true });
    pages.push(Number(database.prepare('PRAGMA page_count').get()?.page_count));
  }
  const [first = 0, ...later] = pages;
  expect(first).toBeGreaterThan(300);
  for (const count of later) expect(count).toBeLessThan(first * 1.05);
});
