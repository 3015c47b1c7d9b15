import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { gated, instantModel, longRun, runToEnd } from './seeds/workloads.ts';
import { barriers } from './support/accessibility.ts';
import { narrow, useDashboard, wide } from './support/dashboard.ts';
import { beyond } from './support/watched-page.ts';

const dashboard = useDashboard({
  models: { instant: instantModel() },
  workflows: [gated, longRun],
  settings: { provider: 'instant', shutdownGrace: 100 },
});
const pictures = fileURLToPath(new URL('../../test-results/screenshots/', import.meta.url));
const ids = { ended: '', open: '', squad: '' };

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true });
  const { server } = dashboard();
  ids.ended = await runToEnd(server, { workflow: 'long-run', input: { steps: 3 } });
  ids.open = (await server.send<{ id: string }>('/executions', { body: { workflow: 'gated', input: {} } })).id;
  ids.squad = (await server.send<{ id: string }>('/squads', { body: { name: 'Checkout', template: 'software' } })).id;
});

/** Every dialog: where it is, and what is pressed to open it. */
const dialogs: readonly (readonly [name: string, path: () => string, button: string | RegExp])[] = [
  ['request', () => '/executions', 'New request'],
  ['convoy', () => '/convoys', 'Run a convoy'],
  ['new-squad', () => '/squads', 'Make a squad'],
  ['ask-squad', () => `/squads/${ids.squad}`, 'Try a request'],
  ['member', () => `/squads/${ids.squad}`, 'Edit Tester'],
  ['new-member', () => `/squads/${ids.squad}`, 'Add a member'],
  ['delete-squad', () => `/squads/${ids.squad}`, 'Delete the squad'],
  ['budget', () => `/squads/${ids.squad}`, 'Set a budget'],
  ['schedule', () => `/squads/${ids.squad}`, 'Add a schedule'],
  ['cancel', () => `/executions/${ids.open}`, 'Cancel'],
  ['signal', () => `/executions/${ids.open}`, 'Send a signal'],
  ['fork', () => `/executions/${ids.ended}`, 'Fork'],
  ['compare', () => `/executions/${ids.ended}`, 'Compare'],
];

it.each(dialogs)('the dialog %s keeps nobody out, and fits on a phone', async (name, path, button) => {
  const { page } = await dashboard().open(path());
  await page.getByRole('button', { name: button, exact: true }).first().click();
  await page.getByRole('dialog').waitFor();
  const found = [
    await look(page, `dialog-${name}-light-wide`, { theme: 'light', size: wide }),
    await look(page, `dialog-${name}-dark-narrow`, { theme: 'dark', size: narrow }),
  ];
  expect(found).toEqual([
    { barriers: [], beyond: 0, cutOff: 0 },
    { barriers: [], beyond: 0, cutOff: 0 },
  ]);
});

async function look(page: Page, picture: string, { theme, size }: { theme: 'light' | 'dark'; size: typeof wide }) {
  await page.emulateMedia({ colorScheme: theme });
  await page.setViewportSize(size);
  await page.screenshot({ path: join(pictures, `${picture}.png`) });
  return {
    barriers: await barriers(page),
    beyond: await beyond(page),
    // By how much the dialog is wider than what one sees of it.
    cutOff: await page.evaluate<number>(
      '(() => { const at = document.querySelector("dialog"); return Math.max(0, at.scrollWidth - at.clientWidth); })()',
    ),
  };
}
