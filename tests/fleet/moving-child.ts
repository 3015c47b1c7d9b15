/** Moves a state and dies at a point of it: `node moving-child.ts <state folder> <database> <stage> [table]`. */
import { writeSync } from 'node:fs';
import { readSettings } from '../../src/config/settings.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { moveState } from '../../src/orchestrator/move-state.ts';
import { openPostgresTarget } from '../../src/work/postgres/postgres-state-target.ts';
import { openSqliteSource } from '../../src/work/sqlite/sqlite-state-source.ts';

const [stateDir = '', databaseUrl = '', point = ''] = process.argv.slice(2);
const settings = { ...readSettings({}), stateDir, databaseUrl };
await using source = await openSqliteSource(settings, systemClock);
await using target = await openPostgresTarget(settings, systemClock);
await moveState({
  source,
  target,
  now: () => systemClock.now(),
  onProgress: (progress) => {
    const at = 'table' in progress ? `${progress.stage} ${progress.table}` : progress.stage;
    if (at !== point) return;
    writeSync(1, 'killed\n');
    process.kill(process.pid, 'SIGKILL');
  },
});
