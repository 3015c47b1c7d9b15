import { expect, it } from 'vitest';
import { useDashboard } from './support/dashboard.ts';

const dashboard = useDashboard();

it('runs the example after one press, when nothing has run yet', async () => {
  const { server, open } = dashboard();
  const { page } = await open('/');
  await page.getByRole('button', { name: 'Run the example' }).click();
  await page.getByText('The example runs.').waitFor();
  await page.locator('.status', { hasText: 'completed' }).first().waitFor();
  expect(server.rows('SELECT status FROM executions')).toEqual([{ status: 'completed' }]);
  // And shows figures instead, from then on.
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByText('1 submitted, 1 completed').waitFor();
});
