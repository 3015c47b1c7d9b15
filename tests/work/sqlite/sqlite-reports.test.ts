import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/kernel/clock.ts';
import { openSqliteReports } from '../../../src/work/sqlite/sqlite-reports.ts';
import { openSqliteState } from '../../../src/work/sqlite/sqlite-state.ts';
import { newExecution, newItem } from '../../contracts/contract-state.ts';
import { startChild } from './child.ts';
import { temporaryFolder, testSettings } from './open-state.ts';

const stateOwner = new URL('./state-owner.ts', import.meta.url);

describe('the reports of a state folder', () => {
  it('say that there is no state yet, and make none', async () => {
    await using folder = await temporaryFolder();
    const stateDir = join(folder.path, 'none');
    const open = () => openSqliteReports({ ...testSettings, stateDir }, systemClock);
    expect(open).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND', message: expect.stringContaining('squadra demo') }),
    );
    expect(existsSync(stateDir)).toBe(false);
  });

  it('show at once what the process that runs it has committed', async () => {
    await using folder = await temporaryFolder();
    await using owner = startChild(stateOwner, folder.path);
    await owner.line();
    await using reports = openSqliteReports({ ...testSettings, stateDir: folder.path }, systemClock);
    expect(await reports.squads.find('local', 'core')).toBeNull();
    owner.tell('core');
    await owner.line();
    expect((await reports.squads.find('local', 'core'))?.name).toBe('core');
    expect(await reports.squads.find('other', 'core')).toBeNull();
    owner.tell('second');
    await owner.line();
    expect(await reports.squads.list('local', { limit: 10 })).toHaveLength(2);
    await owner.kill();
    expect(await reports.squads.list('local', { limit: 10 })).toHaveLength(2);
  });

  it('can be read after the process that ran it was killed, and after it stopped', async () => {
    await using folder = await temporaryFolder();
    await using owner = startChild(stateOwner, folder.path);
    await owner.line();
    owner.tell('core');
    await owner.line();
    await owner.kill();
    const settings = { ...testSettings, stateDir: folder.path };
    {
      await using reports = openSqliteReports(settings, systemClock);
      expect(await reports.squads.list('local', { limit: 10 })).toHaveLength(1);
    }
    const state = await openSqliteState(settings, systemClock, 'run');
    const execution = newExecution();
    await state.executions.submit('local', execution);
    const item = await state.workItems.create('local', newItem());
    await state[Symbol.asyncDispose]();
    await using reports = openSqliteReports(settings, systemClock);
    expect((await reports.reports.get('local', execution.id))?.status).toBe('queued');
    expect(await reports.workItems.get('local', item.id)).toEqual(item);
    expect(await reports.approvals.list('local', { limit: 10 })).toEqual([]);
  });
});
