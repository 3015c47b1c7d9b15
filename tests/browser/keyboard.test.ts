import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { gated, instantModel, release, runToEnd } from './seeds/workloads.ts';
import { useDashboard } from './support/dashboard.ts';

const dashboard = useDashboard({
  models: { instant: instantModel() },
  workflows: [release, gated],
  settings: { provider: 'instant', agentRateLimitPerMinute: 0 },
});

/** What has the focus, as somebody hears it. */
const focused = `(() => {
  const { activeElement: at } = document;
  return (at.getAttribute('aria-label') ?? at.labels?.[0]?.innerText ?? at.innerText ?? '').trim().split('\\n')[0];
})()`;

/** Presses Tab until that has the focus; there is an end to every page. */
async function tabTo(page: Page, name: string): Promise<void> {
  const passed: string[] = [];
  for (let presses = 0; presses < 120; presses++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate<string>(focused);
    if (at === name) return;
    passed.push(at);
  }
  throw new Error(`${name} cannot be reached with Tab; passed were ${passed.join(' | ')}`);
}

describe('with the keyboard alone', () => {
  it('the content is reached past the menu, and pages by the menu', async () => {
    const { page } = await dashboard().open('/squads');
    await page.getByRole('heading', { level: 1, name: 'Squads' }).waitFor();
    await tabTo(page, 'Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.reload();
    await tabTo(page, 'Executions');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Executions' }).waitFor();
  });

  it('a request is submitted, and its page opened', async () => {
    const { page } = await dashboard().open('/executions');
    await page.getByRole('heading', { level: 1, name: 'Executions' }).waitFor();
    await tabTo(page, 'New request');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await tabTo(page, 'Request');
    await page.keyboard.type('Typed with the keyboard');
    await tabTo(page, 'Submit');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Typed with the keyboard' }).waitFor();
    expect(dashboard().server.number('SELECT count(*) FROM executions')).toBe(1);
  });

  it('a question is answered', async () => {
    const { server, open } = dashboard();
    const { id } = await server.send<{ readonly id: string }>('/executions', {
      body: { workflow: 'release', input: { what: 'it' } },
    });
    const { page } = await open(`/executions/${id}`);
    await page.getByRole('heading', { name: 'Release it?' }).waitFor();
    await tabTo(page, 'go');
    await page.keyboard.press('Enter');
    await page.locator('section[aria-label="How it stands"] .status', { hasText: 'completed' }).waitFor();
    expect(server.rows('SELECT choice FROM approvals WHERE execution_id = ?', id)).toEqual([{ choice: 'go' }]);
  });

  it('the list is walked with j and k, and opened with Enter', async () => {
    const { server, open } = dashboard();
    await runToEnd(server, { message: 'The older one' });
    await runToEnd(server, { message: 'The newer one' });
    const { page } = await open('/executions');
    await page.getByText('The newer one').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toContain('The older one');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'The older one' }).waitFor();
    expect(new URL(page.url()).pathname).toMatch(/^\/executions\/./);
  });

  it('a dialog keeps the focus inside, Escape closes it, and the focus is where it was', async () => {
    const { page } = await dashboard().open('/squads');
    await page.getByRole('heading', { level: 1, name: 'Squads' }).waitFor();
    await tabTo(page, 'Make a squad');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    expect(await page.evaluate('document.activeElement.closest("dialog") !== null')).toBe(true);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate(focused)).toBe('Make a squad');
  });
});
