import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openSquadraIn } from '../../src/compose.ts';
import { readSettings } from '../../src/config/settings.ts';
import type { UsageOptions } from '../../src/orchestrator/usage-report.ts';
import { scriptedModel } from '../../src/testing/scripted-model.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';

const day = 86_400_000;
const both = defineWorkflow({
  name: 'both',
  async run({ squad }) {
    await squad.ask('tester', 'Test it.');
    await squad.ask('reviewer', 'Review it.');
  },
});

it('tells tokens and cost at own prices, by squad, member, workflow and day, with names as far as they are known', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'squadra-usage-'));
  onTestFinished(() => rmSync(stateDir, { recursive: true }));
  const clock = new TestClock(Date.UTC(2026, 2, 1, 23, 59));
  const usage = { inputTokens: 1_000, outputTokens: 100, cachedTokens: 400 };
  const model = scriptedModel(({ role }) => ({ text: `by ${role}`, usage }));
  const members = [
    { role: 'tester', name: 'Tess', provider: 'own', model: 'dear' },
    { role: 'reviewer', provider: 'own', model: 'cheap' },
  ];
  await using squadra = await openSquadraIn(
    {
      stateDir,
      workflows: [both],
      squads: [
        { name: 'a', members },
        { name: 'b', members },
      ],
      models: { own: model.asProvider() },
      prices: { 'own/dear': { input: 10, cached: 1, output: 100 }, own: { input: 1, output: 1 } },
    },
    { clock, readSettings: (overrides) => readSettings({}, overrides) },
  );
  const submit = async (squad: string): Promise<void> => {
    const run = await squadra.submit(both, { input: {}, squad });
    expect(await run.result()).toMatchObject({ status: 'completed' });
  };
  await submit('a');
  await submit('a');
  await clock.jump(clock.now() + day);
  await submit('b');

  // 600 of 10 and 400 of 1 and 100 of 100 dollars a million; and 1,100 of 1 dollar.
  const [dear, cheap] = [6_000 + 400 + 10_000, 1_100];
  const costs = async (options: UsageOptions) =>
    (await squadra.usage(options)).groups.map(({ name, key, executions, usage: of }) => [
      name ?? key,
      executions,
      of.costMicroUsd,
    ]);
  expect((await squadra.usage()).total).toEqual({
    executions: 3,
    usage: {
      inputTokens: 6_000,
      outputTokens: 600,
      cachedTokens: 2_400,
      reasoningTokens: 0,
      costMicroUsd: 3 * (dear + cheap),
      modelCalls: 6,
      estimatedCalls: 0,
      unpricedCalls: 0,
    },
  });
  expect(await costs({ groupBy: 'squad' })).toEqual([
    ['a', 2, 2 * (dear + cheap)],
    ['b', 1, dear + cheap],
  ]);
  expect(await costs({ groupBy: 'member', squad: 'a' })).toEqual([
    ['Tess', 2, 2 * dear],
    ['Reviewer', 2, 2 * cheap],
  ]);
  expect(await costs({ groupBy: 'workflow' })).toEqual([['both', 3, 3 * (dear + cheap)]]);
  expect(await costs({ groupBy: 'day' })).toEqual([
    ['2026-03-01', 2, 2 * (dear + cheap)],
    ['2026-03-02', 1, dear + cheap],
  ]);
  expect((await squadra.usage({ from: new Date(Date.UTC(2026, 2, 2)) })).total.executions).toBe(1);
  expect((await squadra.forTenant('other').usage({ groupBy: 'squad' })).groups).toEqual([]);

  // Kept at hand for a minute, and told anew as soon as an execution has ended.
  const cost = () => squadra.statistics().cache.cost;
  const before = cost();
  expect((await squadra.usage()).total.executions).toBe(3);
  expect(cost()).toEqual({ ...before, hits: before.hits + 1 });
  await submit('a');
  expect((await squadra.usage()).total.executions).toBe(4);

  for (const wrong of [{ groupBy: 'moon' }, { from: new Date('never') }, { by: 'squad' }])
    await expect(squadra.usage(wrong as UsageOptions)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await expect(squadra.usage({ squad: 'nobody' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
