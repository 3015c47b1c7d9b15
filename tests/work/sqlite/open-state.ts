import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../src/kernel/clock.ts';
import { openSqliteState } from '../../../src/work/sqlite/sqlite-state.ts';
import type { SqliteState } from '../../../src/work/sqlite/sqlite-state.ts';

export const testSettings = {
  maxPendingWrites: 20_000,
  commitDelayMs: 0,
  readers: 1,
  readerTimeoutMs: 5_000,
  metrics: true,
};

/** A folder that is removed when it is disposed. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'squadra-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A state on an empty folder of its own. */
export async function openTemporaryState(clock: Clock): Promise<SqliteState> {
  const folder = await temporaryFolder();
  const state = await openSqliteState({ ...testSettings, stateDir: folder.path }, clock, 'test');
  return {
    ...state,
    [Symbol.asyncDispose]: async () => {
      await state[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
