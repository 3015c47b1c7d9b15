import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSquadraIn } from '../../src/compose.ts';
import { readSettings } from '../../src/config/settings.ts';
import { scriptedModel } from '../../src/testing/scripted-model.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { newFolder, squadra, squadraJson } from './command-line.ts';

const members = [
  { role: 'tester', name: 'Tess', provider: 'own', model: 'dear' },
  { role: 'reviewer', name: 'Rea', provider: 'own', model: 'unknown' },
];

/** Three requests to a squad of two, on two days, one model of which has no price. */
async function spend(folder: string): Promise<void> {
  const clock = new TestClock(Date.UTC(2026, 2, 1, 12));
  const model = scriptedModel(() => ({ text: 'Done.', usage: { inputTokens: 1_000, outputTokens: 100 } }));
  await using library = await openSquadraIn(
    {
      stateDir: join(folder, '.squadra'),
      squads: [{ name: 'crew', members }],
      models: { own: model.asProvider() },
      prices: { 'own/dear': { input: 10, output: 100 } },
    },
    { clock, readSettings: (overrides) => readSettings({}, overrides) },
  );
  for (const [message, day] of [
    ['# Plan\n\nA login page', 0],
    ['Say <b>"\u001b[31mhello"', 0],
    ['Again', 1],
  ] as const) {
    await clock.jump(Date.UTC(2026, 2, 1 + day, 12));
    await (await library.submit('pipeline', { message, squad: 'crew' })).result();
  }
}

it('tells what was spent, by what is asked for, and what has no price', async () => {
  const folder = newFolder();
  await spend(folder);
  const byDay = await squadra(folder, ['costs']);
  expect(byDay.code).toBe(0);
  expect(byDay.stdout).toBe(
    [
      'DAY         EXECUTIONS  CALLS  TOKENS IN  TOKENS OUT                COST',
      '2026-03-02           1      2      2,000         200  $0.0200 + unpriced',
      '2026-03-01           2      4      4,000         400  $0.0400 + unpriced',
      'all                  3      6      6,000         600  $0.0600 + unpriced',
      '',
    ].join('\n'),
  );
  expect(byDay.stderr).toContain('3 of 6 calls are of models without a known price: what they cost is in no sum.');
  const byModel = (await squadra(folder, ['costs', '--by', 'model', '--quiet'])).stdout;
  expect(byModel).toMatch(/^own\/dear +3 +3 +3,000 +300 +\$0\.0600$/m);
  expect(byModel).toMatch(/^own\/unknown +3 +3 +3,000 +300 +unpriced$/m);
  expect((await squadra(folder, ['costs', '--by', 'member'])).stdout).toMatch(/^Tess .*\n?Rea /m);
  const byExecution = await squadra(folder, ['costs', '--by', 'execution', '--limit', '2']);
  expect(byExecution.stdout).toMatch(/^[0-9a-f-]{36} +2 +2,000 +200 +\$0\.0200 \+ unpriced +Again$/m);
  expect(byExecution.stdout).not.toContain('\u001b');
  expect(byExecution.stderr).toContain('The first 2, dearest first; --limit shows more.');

  const document = await squadraJson(folder, 'costs', '--by', 'squad', '--from', '2026-03-02', '--to', '2026-03-03');
  expect(document).toMatchObject({
    groupBy: 'squad',
    from: '2026-03-02T00:00:00.000Z',
    to: '2026-03-03T00:00:00.000Z',
    total: { costMicroUsd: 20_000, modelCalls: 2, unpricedCalls: 1, executions: 1 },
    items: [{ name: 'crew', costMicroUsd: 20_000 }],
    nextCursor: null,
  });
  const none = await squadra(folder, ['costs', '--from', '2027-01-01T00:00:00Z', '--tenant', 'local']);
  expect(none).toMatchObject({ code: 0, stdout: expect.stringContaining('No model call') });
  expect((await squadraJson(folder, 'costs', '--tenant', 'acme')).items).toEqual([]);
});

it('calls wrong usage by its name', async () => {
  const folder = newFolder();
  await spend(folder);
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['--by', 'moon'], /day, squad, member, model, execution/],
    [['--from', 'yesterday'], /--from is 'yesterday'/],
    [['--from', '2026-02-30'], /--from is '2026-02-30'/],
    [['--to', '2026-01-01T99:00:00Z'], /--to is/],
    [['--from', '2026-03-02', '--to', '2026-03-01'], /before/],
    [['--limit', '0'], /--limit/],
  ];
  for (const [args, why] of wrong) {
    const { code, stderr } = await squadra(folder, ['costs', ...args]);
    expect([args, code]).toEqual([args, 2]);
    expect(stderr).toMatch(why);
  }
  expect((await squadra(newFolder(), ['costs'])).stderr).toContain('There is no state');
});
