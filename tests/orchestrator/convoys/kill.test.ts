import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { startModelServer } from '../../../src/testing/model-server/model-server.ts';
import type { ModelServer } from '../../../src/testing/model-server/model-server.ts';
import { convoyItemOf } from '../../../src/work/rows/convoy-row.ts';
import { queries } from '../../../src/work/sqlite/queries/queries.ts';
import { openReadOnly } from '../../../src/work/sqlite/read-only.ts';
import { statePaths } from '../../../src/work/sqlite/sqlite-state.ts';
import { newFolder, RunningCommand } from '../../cli/command-line.ts';
import { openCrew } from './crew.ts';

const width = 30;
const parallelism = 12;

/** Three levels of thirty items; each needs two of the level before. */
const items = Array.from({ length: 3 * width }, (_, n) => {
  const level = Math.floor(n / width);
  const needs = [n - width, ((n + 1) % width) + (level - 1) * width];
  return {
    key: `item-${n}`,
    role: 'tester',
    message: `Look at <part ${n}>.`,
    ...(level === 0 ? {} : { dependsOn: needs.map((need) => `item-${need}`) }),
  };
});

it('goes on after its server was killed in the middle: no completed item starts again', async () => {
  await using models = await startModelServer({ defaults: { latencyMs: 20, chunks: 1 } });
  const folder = newFolder();
  const server = new RunningCommand(folder, ['serve', '--port', '0'], {
    env: { OPENAI_API_KEY: 'test', OPENAI_BASE_URL: models.url, SQUADRA_AGENT_RATE_LIMIT_PER_MINUTE: '0' },
  });
  const [url] = await server.until(/http:\/\/127\.0\.0\.1:\d+/);
  const answer = await fetch(`${url}/api/v1/convoys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ items, parallelism }),
  });
  expect(answer.status).toBe(202);
  const { id } = z.object({ id: z.string() }).parse(await answer.json());
  await models.reached('completed', 1.5 * width);
  server.kill('SIGKILL');
  expect((await server.ended).signal).toBe('SIGKILL');

  const stateDir = join(folder, '.squadra');
  const left = storedItems(stateDir, id);
  const completed = left.filter(({ status }) => status === 'completed');
  expect(completed.length).toBeGreaterThan(parallelism);
  expect(left.some(({ status }) => status === 'in_progress')).toBe(true);
  const before = timesAsked(models);

  await using squadra = await openCrew(stateDir, models.url);
  const result = await squadra.convoys.result(id);
  expect(result.status).toBe('completed');
  const after = timesAsked(models);
  expect(after.size).toBe(items.length);
  for (const { key } of completed) expect([key, after.get(key)]).toEqual([key, before.get(key)]);
  // A call that was cut off is made once more; nothing else is.
  const again = [...after].filter(([, times]) => times > 1).map(([key]) => key);
  expect(again.length).toBeLessThanOrEqual(parallelism);
  // One child for each item, whichever life started it.
  const children = new Map(result.items.map(({ key, executionId }) => [key, executionId]));
  expect(new Set(children.values()).size).toBe(items.length);
  const begun = left.filter(({ executionId }) => executionId !== null);
  expect(begun.map(({ key }) => children.get(key))).toEqual(begun.map(({ executionId }) => executionId));
});

function storedItems(stateDir: string, id: string) {
  const database = openReadOnly(statePaths(stateDir).database);
  try {
    return queries(database).convoyItems({ tenant: 'local', id }).map(convoyItemOf);
  } finally {
    database.close();
  }
}

/** How often the model was asked for each item; results of other items stand behind the message. */
function timesAsked(models: ModelServer): Map<string, number> {
  const times = new Map<string, number>();
  for (const { body } of models.calls) {
    const key = `item-${/<part (\d+)>/.exec(body)?.[1] ?? ''}`;
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  return times;
}
