import { expect, it } from 'vitest';
import { barriers } from './support/accessibility.ts';
import { narrow, useDashboard } from './support/dashboard.ts';
import { beyond } from './support/watched-page.ts';

const dashboard = useDashboard();

/** What stands where nothing is yet, and what can be pressed to go on. */
const pages: readonly (readonly [path: string, title: string, next: string])[] = [
  ['/', 'Nothing has run yet', 'Run the example'],
  ['/executions', 'No executions yet', 'New request'],
  ['/executions?status=failed', 'No execution is like that', 'Show all'],
  ['/convoys', 'No convoys yet', 'Run a convoy'],
  ['/convoys?status=failed', 'No convoy is like that', 'Show all'],
  ['/squads', 'No squads yet', 'Make a squad'],
];

it.each(pages)('the page %s says what to do next where nothing is', async (path, title, next) => {
  const watched = await dashboard().open(path, { size: narrow });
  const { page } = watched;
  await watched.settled();
  const empty = page.locator('.empty', { has: page.getByRole('heading', { name: title }) });
  await empty.waitFor();
  await empty.getByRole('button', { name: next }).waitFor();
  expect({ barriers: await barriers(page), beyond: await beyond(page) }).toEqual({ barriers: [], beyond: 0 });
});

it.each(['/costs', '/system'])('the page %s is whole where nothing is', async (path) => {
  const watched = await dashboard().open(path, { size: narrow });
  await watched.settled();
  expect({ barriers: await barriers(watched.page), beyond: await beyond(watched.page) }).toEqual({
    barriers: [],
    beyond: 0,
  });
});
