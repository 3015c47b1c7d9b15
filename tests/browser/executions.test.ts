import { describe, expect, it } from 'vitest';
import { seedExecutions } from './seeds/many-executions.ts';
import { gated, instantModel, runToEnd } from './seeds/workloads.ts';
import { useDashboard } from './support/dashboard.ts';

const total = 100_000;
const dashboard = useDashboard(async () => {
  const { stateDir } = await seedExecutions(total, Date.now());
  return {
    stateDir,
    workflows: [gated],
    models: { instant: instantModel() },
    settings: { provider: 'instant', agentRateLimitPerMinute: 0 },
  };
});

/** Requests for the list, from a place in the log on. */
const isListed = (request: string): boolean => request.startsWith('GET /api/v1/executions?');

describe(`the list of ${total} executions`, () => {
  it('reads a page of them and draws what is in sight', async () => {
    const watched = await dashboard().open('/executions');
    const { page, log } = watched;
    await watched.settled();
    await page.getByText(`Request number ${total}:`).waitFor();
    expect(dashboard().server.number('SELECT count(*) FROM executions')).toBe(total);
    expect(await page.evaluate('document.querySelectorAll("*").length')).toBeLessThan(1_500);
    // The first page and the one behind it, and both again after the first pulse.
    expect(log.requests().filter(isListed).length).toBeLessThanOrEqual(4);
  });

  it('reads further as far as somebody scrolls, and stays as small', async () => {
    const watched = await dashboard().open('/executions');
    const { page } = watched;
    await watched.settled();
    await page.getByText(`Request number ${total}:`).waitFor();
    for (let screen = 0; screen < 6; screen++) {
      const height = await page.evaluate<number>('document.documentElement.scrollHeight');
      await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
      await expect.poll(() => page.evaluate('document.documentElement.scrollHeight')).toBeGreaterThan(height);
    }
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
    const places = page.locator('.executions li[aria-posinset]');
    await expect.poll(async () => Number(await places.last().getAttribute('aria-posinset'))).toBeGreaterThan(250);
    expect(await page.evaluate('document.querySelectorAll("*").length')).toBeLessThan(1_500);
  });

  it('is narrowed by what stands in the address', async () => {
    const watched = await dashboard().open('/executions');
    const { page } = watched;
    await watched.settled();
    await page.getByLabel('Status').selectOption('failed');
    await page.getByText(`Request number ${total - 2}:`).waitFor();
    expect(await page.locator('.executions .status').allInnerTexts()).not.toContain('completed');
    expect(new URL(page.url()).search).toBe('?status=failed');
    await page.getByLabel('Workflow').selectOption('pipeline');
    await page.reload();
    await watched.settled();
    expect(await page.getByLabel('Status').inputValue()).toBe('failed');
  });

  it('opens what is chosen, and shows it', async () => {
    const watched = await dashboard().open('/executions?status=failed');
    const { page } = watched;
    await page.getByText(`Request number ${total - 2}:`).click();
    await page.getByText('The model answered 503 five times.').first().waitFor();
    expect(new URL(page.url()).pathname).toMatch(/^\/executions\/[0-9a-f-]{36}$/);
  });

  it('shows what is new at its top, by itself', async () => {
    const { server, open } = dashboard();
    const watched = await open('/executions');
    const { page, log } = watched;
    await watched.settled();
    await log.until(({ kind }) => kind === 'pulse');
    await page.waitForLoadState('networkidle');
    const from = log.entries.length;
    await runToEnd(server, { message: 'Something new' });
    await page.locator('.execution-row', { hasText: 'Something new' }).waitFor();
    // What is shown is read again, not the whole list.
    await page.locator('.execution-row', { hasText: 'Something new' }).getByText('completed').waitFor();
    const pulses = log.entries.slice(from).filter(({ kind }) => kind === 'pulse').length;
    expect(log.requests(from).filter(isListed).length).toBeLessThanOrEqual(pulses * 3);
  });
});
