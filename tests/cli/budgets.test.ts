import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newFolder, RunningCommand, squadra, squadraJson } from './command-line.ts';

it('sets, lists and removes budgets, in dollars and tokens', async () => {
  const folder = newFolder();
  expect((await squadra(folder, ['budgets'])).stderr).toContain('There is no budget');
  const set = await squadra(folder, [
    'budgets',
    'set',
    'squad',
    'software',
    '--budget',
    '2.5',
    '--token-budget',
    '9000',
  ]);
  expect(set.stdout).toContain('Squad software by month may spend $2.50, 9,000 tokens.');
  await squadraJson(folder, 'budgets', 'set', 'tenant', '--period', 'day', '--budget', '$0.25', '--on-exceeded', 'ask');
  const zero = { spentMicroUsd: 0, spentTokens: 0, reservedMicroUsd: 0, reservedTokens: 0 };
  expect(await squadraJson(folder, 'budgets', 'list')).toMatchObject({
    items: [
      { scope: 'squad', period: 'month', limitMicroUsd: 2_500_000, limitTokens: 9_000, onExceeded: 'fail', ...zero },
      { scope: 'tenant', id: 'local', period: 'day', limitMicroUsd: 250_000, limitTokens: null, onExceeded: 'ask' },
    ],
  });
  const listed = (await squadra(folder, ['budgets'])).stdout;
  expect(listed).toMatch(/SCOPE +PERIOD +LIMIT +SPENT +RESERVED +THEN +ID/);
  expect(listed).toMatch(/tenant +day +\$0\.2500 +\$0\.00 +\$0\.00 +ask +local/);
  expect((await squadra(folder, ['budgets', 'remove', 'tenant', '--period', 'day'])).code).toBe(0);
  expect((await squadra(folder, ['budgets', 'remove', 'tenant', '--period', 'day'])).code).toBe(1);
});

it('calls wrong usage by its name', async () => {
  const folder = newFolder();
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['set', 'tenant'], /--budget/],
    [['set', 'tenant', '--budget', 'much'], /give dollars/],
    [['set', 'tenant', '--budget', '1.2345678'], /give dollars/],
    [['set', 'tenant', '--token-budget', '1e3'], /whole number/],
    [['set', 'tenant', '--budget', '1', '--on-exceeded', 'warn'], /ask or fail/],
    [['set', 'tenant', '--budget', '1', '--period', 'week'], /day, month, total/],
    [['set', 'user', '--budget', '1'], /Say which user/],
    [['set', 'planet', 'earth', '--budget', '1'], /planet/],
    [['set', 'squad', 'nobody', '--budget', '1'], /no such budget|no squad/i],
  ];
  for (const [args, why] of wrong) {
    const { code, stderr } = await squadra(folder, ['budgets', ...args]);
    expect([args, code === 1 || code === 2]).toEqual([args, true]);
    expect(stderr).toMatch(why);
  }
});

it('runs within a budget, and takes those of squadra.yaml that are missing', async () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'request.md'), 'Add a login page');
  writeFileSync(
    join(folder, 'squadra.yaml'),
    'budgets:\n  - { scope: tenant, period: month, limitUsd: 12.5 }\n  - { scope: squad, id: software, period: day, limitTokens: 1000000000 }\n',
  );
  const stopped = await squadra(folder, ['run', 'request.md', '--token-budget', '10', '--quiet']);
  expect(stopped.code).toBe(1);
  expect(stopped.stderr + stopped.stdout).toContain('BUDGET_EXCEEDED');
  const { items } = (await squadraJson(folder, 'budgets', 'list')) as { readonly items: readonly object[] };
  expect(items).toMatchObject([
    { scope: 'execution', limitTokens: 10 },
    { scope: 'squad', period: 'day', limitTokens: 1_000_000_000, spentTokens: 0 },
    { scope: 'tenant', period: 'month', limitMicroUsd: 12_500_000 },
  ]);
});

it('sets budgets beside a running server', async () => {
  const folder = newFolder();
  const server = new RunningCommand(folder, ['serve', '--port', '0']);
  await server.until(/http:/);
  await squadraJson(folder, 'budgets', 'set', 'tenant', '--budget', '5');
  expect(await squadraJson(folder, 'budgets', 'list')).toMatchObject({ items: [{ limitMicroUsd: 5_000_000 }] });
});
