import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { openSqliteState, statePaths } from '../../../src/work/sqlite/sqlite-state.ts';
import type { FeedRecord } from '../../../src/work/execution-store.ts';
import { completedStep, ended, running } from '../../contracts/contract-state.ts';
import { temporaryFolder, testSettings } from './open-state.ts';

it('a transaction that is held open makes no cursor skip what it writes', async () => {
  await using folder = await temporaryFolder();
  // Every transaction stays open for a while after its writes.
  const settings = { ...testSettings, stateDir: folder.path, commitDelayMs: 60 };
  await using state = await openSqliteState(settings, new TestClock(), 'test');
  const { id, session } = await running(state, 'local');
  let cursor = await state.reports.feedEnd('local');
  const seen: FeedRecord[] = [];
  let isWritten = false;
  const writing = (async () => {
    for (let n = 0; n < 5; n++) await session.commit({ records: [completedStep(`s${n}`), completedStep(`t${n}`)] });
    isWritten = true;
  })();
  let reads = 0;
  for (let wasWritten = false; !wasWritten; reads++) {
    wasWritten = isWritten;
    const page = await state.reports.feed('local', { after: cursor, limit: 1 });
    seen.push(...page.events);
    ({ cursor } = page);
    if (!page.isEnd) wasWritten = false;
  }
  await writing;
  expect(reads).toBeGreaterThan(20);
  expect(seen.map(({ executionId, record }) => `${executionId} ${record.seq}`)).toEqual(
    Array.from({ length: 10 }, (_, place) => `${id} ${place + 4}`),
  );
});

it('a file that was pruned and vacuumed keeps the places of what is left, and gives none again', async () => {
  await using folder = await temporaryFolder();
  const clock = new TestClock();
  const settings = { ...testSettings, stateDir: folder.path };
  const before = await (async () => {
    await using state = await openSqliteState(settings, clock, 'test');
    await ended(state, 'local', 'completed');
    const left = await running(state, 'local');
    await ended(state, 'local', 'completed');
    await clock.advance(1_000);
    expect(await state.executions.prune(clock.now(), 10)).toBe(2);
    const { events, cursor } = await state.reports.feed('local', { after: null, limit: 100 });
    expect(new Set(events.map(({ executionId }) => executionId))).toEqual(new Set([left.id]));
    return { events, cursor };
  })();
  const database = new DatabaseSync(statePaths(folder.path).database);
  database.exec('VACUUM');
  database.close();
  await using state = await openSqliteState(settings, clock, 'test');
  const after = await state.reports.feed('local', { after: null, limit: 100 });
  expect({ events: after.events, cursor: after.cursor }).toEqual(before);
  const { id } = await running(state, 'local');
  const { events } = await state.reports.feed('local', { after: before.cursor, limit: 100 });
  expect(events.map(({ executionId, record }) => `${executionId} ${record.seq}`)).toEqual([
    `${id} 1`,
    `${id} 2`,
    `${id} 3`,
  ]);
});
