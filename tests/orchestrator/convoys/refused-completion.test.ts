import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSquadraIn } from '../../../src/compose.ts';
import { readSettings } from '../../../src/config/settings.ts';
import type { Squadra } from '../../../src/orchestrator/squadra.ts';
import { scriptedModel } from '../../../src/testing/scripted-model.ts';
import { temporaryFolder } from '../../work/sqlite/open-state.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let squadra: Squadra;
let asked: string[];
/** What happens right before the first completion of a child is handed to the store: the store takes it first. */
let beforeCompletion: () => void;
/** Told with the first call, while its child runs. */
let called: PromiseWithResolvers<void>;
let answer: PromiseWithResolvers<void>;

beforeEach(async () => {
  folder = await temporaryFolder();
  [called, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  asked = [];
  let isFirst = true;
  const model = scriptedModel(async ({ text }) => {
    asked.push(text.split('\n')[0] ?? '');
    called.resolve();
    await answer.promise;
    return 'Done.';
  });
  squadra = await openSquadraIn(
    {
      stateDir: folder.path,
      settings: { agentRateLimitPerMinute: 0 },
      models: { script: model.asProvider() },
      squads: [{ name: 'crew', members: [{ role: 'tester', provider: 'script', model: 'm' }] }],
    },
    {
      readSettings: (overrides) => readSettings({}, overrides),
      faults: {
        at: (point) => {
          if (point !== 'finish.before' || !isFirst) return;
          isFirst = false;
          beforeCompletion();
        },
      },
    },
  );
});
afterEach(async () => {
  await squadra[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const item = (key: string, dependsOn: readonly string[] = []) => ({
  key,
  role: 'tester',
  message: `Do ${key}.`,
  dependsOn,
});
const create = () =>
  squadra.convoys.create({ squad: 'crew', parallelism: 1, items: [item('a'), item('b', ['a']), item('c')] });

describe('a completion that the store refuses', () => {
  it('starts nothing that depends on it; what does not goes on', async () => {
    const { id } = await create();
    await called.promise;
    const child = (await squadra.convoys.get(id)).items[0]?.executionId ?? '';
    const cancelling = Promise.withResolvers<unknown>();
    beforeCompletion = () => cancelling.resolve(squadra.run(child).cancel('not needed'));
    answer.resolve();
    await cancelling.promise;
    const { status, items } = await squadra.convoys.result(id);
    expect(items.map(({ key, status: how }) => [key, how])).toEqual([
      ['a', 'cancelled'],
      ['b', 'cancelled'],
      ['c', 'completed'],
    ]);
    expect(status).toBe('partial');
    expect(asked).toEqual(['Do a.', 'Do c.']);
    expect(squadra.statistics().convoys).toMatchObject({ convoys: 0, running: 0 });
  });

  it('starts nothing of a convoy that was cancelled before', async () => {
    const { id } = await create();
    await called.promise;
    const cancelling = Promise.withResolvers<unknown>();
    beforeCompletion = () => cancelling.resolve(squadra.convoys.cancel(id, 'not needed'));
    answer.resolve();
    expect(await cancelling.promise).toBe(true);
    const { status, items } = await squadra.convoys.result(id);
    expect(items.map(({ status: how }) => how)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    expect(status).toBe('cancelled');
    expect(asked).toEqual(['Do a.']);
    expect(squadra.statistics().convoys).toMatchObject({ convoys: 0, running: 0 });
  });

  it('is told by nobody until it is stored', async () => {
    const { id } = await create();
    await called.promise;
    const seen: unknown[] = [];
    beforeCompletion = () => {
      // After it was handed over, before the store can have answered.
      queueMicrotask(() => seen.push(squadra.convoys.progress(id)));
    };
    answer.resolve();
    expect((await squadra.convoys.result(id)).status).toBe('completed');
    expect(seen).toEqual([expect.objectContaining({ in_progress: 1, completed: 0 })]);
    expect(asked).toEqual(['Do a.', 'Do b.', 'Do c.']);
  });
});
