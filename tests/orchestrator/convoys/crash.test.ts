import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { FaultPoint } from '../../../src/kernel/faults.ts';
import { startModelServer } from '../../../src/testing/model-server/model-server.ts';
import type { ModelServer } from '../../../src/testing/model-server/model-server.ts';
import { queries } from '../../../src/work/sqlite/queries/queries.ts';
import { openReadOnly } from '../../../src/work/sqlite/read-only.ts';
import { statePaths } from '../../../src/work/sqlite/sqlite-state.ts';
import { workItemOf } from '../../../src/work/rows/work-item-row.ts';
import { temporaryFolder } from '../../work/sqlite/open-state.ts';
import { items, openCrew } from './crew.ts';

/** The convoy's making, starts of items in both levels, calls, results and ends of children, and what the workflow does around. */
const rows: readonly (readonly [FaultPoint, number])[] = [
  ['submit.before', 2],
  ['submit.after', 2],
  ['submit.before', 3],
  ['submit.after', 3],
  ['submit.after', 6],
  ['submit.before', 11],
  ['intent.after', 2],
  ['step.after', 3],
  ['finish.before', 1],
  ['finish.after', 1],
  ['finish.after', 5],
  ['finish.before', 12],
  ['finish.after', 12],
  ['park.before', 1],
  ['park.after', 1],
  ['wake.before', 1],
  ['wake.after', 1],
];

describe.concurrent('killed at', () => {
  it.each(rows)(
    '%s (passing %d): no completed item starts again, and the convoy comes to its end',
    async (point, n) => {
      await using folder = await temporaryFolder();
      await using models = await startModelServer();
      expect(await dies(folder.path, models.url, point, n)).toBe('SIGKILL');
      const completed = itemsOf(folder.path).filter(({ status }) => status === 'completed');
      const before = timesAsked(models);

      await using squadra = await openCrew(folder.path, models.url);
      // Killed before the convoy was asked for, nothing waits for it; else its execution goes on.
      const [execution] = (await squadra.list({ workflow: 'crew' })).items;
      expect(await squadra.run(execution?.id ?? '').result()).toEqual({ status: 'completed', output: 'completed' });

      const after = timesAsked(models);
      for (const { title } of completed) expect(after.get(partOf(title))).toBe(before.get(partOf(title)));
      expect([...after.keys()].toSorted()).toEqual(items.map(({ message }) => partOf(message)).toSorted());
      const now = itemsOf(folder.path);
      expect(now.map(({ status }) => status)).toEqual(items.map(() => 'completed'));
      // One child for each item, whichever life started it.
      const children = (await squadra.list({ workflow: 'task', limit: 200 })).items;
      expect(children.map(({ id }) => id).toSorted()).toEqual(
        now.map(({ executionId }) => executionId ?? '').toSorted(),
      );
    },
  );
});

function dies(stateDir: string, url: string, point: FaultPoint, occurrence: number): Promise<number | string | null> {
  const file = fileURLToPath(new URL('crash-child.ts', import.meta.url));
  const child = spawn(process.execPath, [file, stateDir, url, point, String(occurrence)], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(signal ?? code));
  });
}

/** The items of the convoy as the file has them. */
function itemsOf(stateDir: string) {
  const database = openReadOnly(statePaths(stateDir).database);
  try {
    const found = queries(database).workItems({ tenant: 'local', filter: { limit: 200 } });
    return found.map(workItemOf).filter(({ convoyId }) => convoyId !== null);
  } finally {
    database.close();
  }
}

/** How often the model was asked about each part. */
function timesAsked(models: ModelServer): Map<string, number> {
  const times = new Map<string, number>();
  for (const { body } of models.calls) times.set(partOf(body), (times.get(partOf(body)) ?? 0) + 1);
  return times;
}

/** The first part that a text speaks of: results of other items come behind the message. */
function partOf(text: string): string {
  return /<part \d+>/.exec(text)?.[0] ?? '';
}
