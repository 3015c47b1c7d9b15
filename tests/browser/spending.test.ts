import { beforeAll, describe, expect, it } from 'vitest';
import { money } from '../../dashboard/src/data/formats.ts';
import { instantModel, runToEnd } from './seeds/workloads.ts';
import { useDashboard } from './support/dashboard.ts';
import { refused } from './support/watched-page.ts';

const dashboard = useDashboard({
  models: { instant: instantModel() },
  prices: { instant: { input: 2_500, output: 10_000 } },
  settings: { provider: 'instant', model: 'm', agentRateLimitPerMinute: 0 },
});
let squad = '';

beforeAll(async () => {
  const { server } = dashboard();
  const body = { name: 'Thrifty', members: [{ role: 'tester' }] };
  squad = (await server.send<{ readonly id: string }>('/squads', { body })).id;
  for (const message of ['One', 'Two']) await runToEnd(server, { message });
  await runToEnd(server, { squad: 'Thrifty', workflow: 'pipeline', message: 'Three' });
});

describe('costs', () => {
  it('are those of the tables, all together and of each squad', async () => {
    const { page } = await dashboard().open('/costs');
    const { server } = dashboard();
    const total = server.number('SELECT sum(cost_micro_usd) FROM executions');
    expect(total).toBeGreaterThan(0);
    await page.locator('.figure', { hasText: 'Spent' }).getByText(money(total), { exact: true }).waitFor();
    await page.getByRole('radio', { name: 'Squad' }).check();
    const ofSquad = server.number('SELECT sum(cost_micro_usd) FROM executions WHERE squad_id = ?', squad);
    const row = page.getByRole('row', { name: 'Thrifty' });
    await row.getByText(money(ofSquad), { exact: true }).waitFor();
    expect(new URL(page.url()).searchParams.get('by')).toBe('squad');
    // What was chosen is in the address, so it is there again.
    await page.reload();
    await row.getByText(money(ofSquad), { exact: true }).waitFor();
  });
});

describe('a budget', () => {
  it('is set, raised and removed, and tells what is left of it', async () => {
    const { page } = await dashboard().open(`/squads/${squad}`);
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Set a budget' }).click();
    await dialog.getByLabel('US dollars').fill('12.5');
    await dialog.getByRole('button', { name: 'Set it' }).click();
    await page.getByText('The budget is set.').waitFor();
    await page.getByText('of $12.50').waitFor();
    await page.getByRole('button', { name: 'Change' }).click();
    expect(await dialog.getByLabel('US dollars').inputValue()).toBe('12.5');
    await dialog.getByLabel('US dollars').fill('20');
    await dialog.getByRole('button', { name: 'Set it' }).click();
    await page.getByText('of $20.00').waitFor();
    const stored = () => dashboard().server.rows('SELECT scope, limit_micro_usd AS usd FROM budgets');
    expect(stored()).toEqual([{ scope: 'squad', usd: 20_000_000 }]);
    await page.getByRole('button', { name: 'Remove' }).click();
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('The budget is removed.').waitFor();
    expect(stored()).toEqual([]);
  });
});

describe('a schedule', () => {
  it('is made, refused with why, paused and deleted', async () => {
    const { page } = await dashboard().open(`/squads/${squad}`, { expected: refused(400) });
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Add a schedule' }).click();
    await dialog.getByLabel('Request').fill('Look again');
    await dialog.getByLabel('Cron expression').fill('61 9 * * *');
    await dialog.getByRole('button', { name: 'Add' }).click();
    await page.getByRole('alert').getByText('is no cron expression').waitFor();
    await dialog.getByLabel('Cron expression').fill('0 9 * * *');
    await dialog.getByLabel('Name').fill('morning');
    await dialog.getByRole('button', { name: 'Add' }).click();
    await page.getByText('The schedule is made').waitFor();
    await page.getByRole('heading', { name: 'morning' }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('The schedule is paused').waitFor();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    expect(dashboard().server.rows('SELECT name, status FROM schedules')).toEqual([
      { name: 'morning', status: 'paused' },
    ]);
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('The schedule is deleted').waitFor();
    expect(dashboard().server.rows('SELECT name FROM schedules')).toEqual([]);
  });
});

describe('the agents that are built', () => {
  it('are let go, once it was asked', async () => {
    const { page } = await dashboard().open('/system');
    const { squadra } = dashboard().server.assembly;
    expect((await squadra.agents.list()).size).toBeGreaterThan(1);
    await page.getByRole('button', { name: 'Let all go' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Let all go' }).click();
    await page.getByText('All agents are let go.').waitFor();
    await page.getByText('0 of yours').waitFor();
    expect((await squadra.agents.list()).size).toBe(0);
  });
});

describe('who may only read', () => {
  it('is offered nothing that is refused, and told why', async () => {
    const { server, open } = dashboard();
    const key = await server.assembly.access.createKey('local', { name: 'r', scopes: ['read'], expiresInMs: null });
    const { page } = await open('/system', { expected: refused(401) });
    await page.getByLabel('API key').fill(key.text);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('shown to keys with the scope admin').waitFor();
    await page.getByRole('heading', { name: 'Resources' }).waitFor();
    for (const path of [`/squads/${squad}`, '/squads', '/convoys', '/costs']) {
      await page.goto(path);
      await page.locator('main h1').waitFor();
      const buttons = await page.locator('main').getByRole('button').allTextContents();
      expect(buttons.filter((text) => /Make|Edit|Add|Remove|Delete|Set|Run|Try/.test(text))).toEqual([]);
    }
  });
});
