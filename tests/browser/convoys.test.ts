import { beforeAll, describe, expect, it } from 'vitest';
import { convoyItems, convoyToEnd, instantModel } from './seeds/workloads.ts';
import { HeldModel } from './support/held-model.ts';
import { useDashboard } from './support/dashboard.ts';

const held = new HeldModel();
const dashboard = useDashboard({
  models: { held: held.provider, instant: instantModel() },
  settings: {
    provider: 'held',
    agentRateLimitPerMinute: 0,
    baselineParallelism: 100,
    maxParallelism: 100,
    cpuThreshold: 100,
    memoryThreshold: 100,
    shutdownGrace: 100,
  },
});

const text = `
- key: plan
  role: project_manager
  message: Plan it.
- key: build
  role: backend_developer
  message: Build it.
  dependsOn: [plan]
`;

describe('a convoy', () => {
  it('is run from a text, and shown item by item as it goes', async () => {
    const { page } = await dashboard().open('/convoys');
    await page.getByRole('button', { name: 'Run a convoy' }).first().click();
    await page.getByLabel('Items').fill(text);
    await page.getByRole('button', { name: 'Run it' }).click();
    await page.getByText('The convoy is accepted').waitFor();
    await page.getByText('0 of 2 completed, 1 running').waitFor();
    await held.answer('A plan.');
    await page.getByText('1 of 2 completed, 1 running').waitFor();
    await held.answer('It is built.');
    await page.getByText('2 of 2 completed').waitFor();
    await page.getByRole('button', { name: 'Cancel the convoy' }).waitFor({ state: 'detached' });
    expect(dashboard().server.rows('SELECT status FROM convoys')).toEqual([{ status: 'completed' }]);
  });

  it('is cancelled, once it was asked', async () => {
    const { server, open } = dashboard();
    const { id } = await server.send<{ id: string }>('/convoys', { body: { items: convoyItems(6) } });
    await held.next();
    const { page } = await open(`/convoys/${id}`);
    await page.getByRole('button', { name: 'Cancel the convoy' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the convoy' }).click();
    await page.getByText('The convoy is cancelled').waitFor();
    expect(server.rows('SELECT status FROM convoys WHERE id = ?', id)).toEqual([{ status: 'cancelled' }]);
  });
});

describe('a convoy of 2,000 items', () => {
  let id = '';
  beforeAll(async () => {
    const { server } = dashboard();
    const members = [{ role: 'tester', provider: 'instant', model: 'm' }];
    await server.send('/squads', { body: { name: 'Quick', members } });
    id = await convoyToEnd(server, { squad: 'Quick', items: convoyItems(2_000) });
  });

  it('is shown with a page that stays small, and read once', async () => {
    const { page, log, settled } = await opened(`/convoys/${id}`);
    await settled();
    await page.getByText('2,000 of 2,000 completed').waitFor();
    expect(await page.evaluate('document.querySelectorAll("*").length')).toBeLessThan(2_500);
    // One reading, and one after the first pulse.
    const reads = log.requests().filter((request) => request.includes(`/convoys/${id}`) && request.includes('/api/'));
    expect(reads.length).toBeLessThanOrEqual(2);
    await page.getByPlaceholder('Find a key').fill('item-1999');
    await page.getByText('1 of 2,000', { exact: true }).waitFor();
  });

  async function opened(path: string) {
    const watched = await dashboard().open(path);
    return { page: watched.page, log: watched.log, settled: () => watched.settled() };
  }
});
