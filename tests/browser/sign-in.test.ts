import { beforeAll, describe, expect, it } from 'vitest';
import { hostileNames } from './seeds/hostile.ts';
import { instantModel } from './seeds/workloads.ts';
import { barriers } from './support/accessibility.ts';
import { narrow, useDashboard } from './support/dashboard.ts';
import type { WatchedPage } from './support/watched-page.ts';
import { beyond, refused } from './support/watched-page.ts';

const dashboard = useDashboard({ models: { instant: instantModel() }, settings: { provider: 'instant' } });
const keys = { one: '', other: '' };
let theirs = '';

/** Whoever has not signed in is answered 401, which Chromium notes. */
const signedOut = { expected: refused(401) };

beforeAll(async () => {
  const { assembly } = dashboard().server;
  for (const tenant of ['one', 'other'] as const) {
    const { text } = await assembly.access.createKey(tenant, { name: 'person', scopes: ['admin'], expiresInMs: null });
    keys[tenant] = text;
  }
  const run = await assembly.squadra.forTenant('one').submit('pipeline', { message: 'A secret of tenant one' });
  await run.result();
  theirs = run.id;
  await assembly.squadra.forTenant('one').squads.create({ name: 'Squad of one', template: 'software' });
});

async function signIn({ page }: WatchedPage, key: string): Promise<void> {
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

describe('signing in', () => {
  it('asks for a key on every page, lets the right one in and says that a wrong one is none', async () => {
    const watched = await dashboard().open('/squads', signedOut);
    const { page } = watched;
    await signIn(watched, 'sqd_wrong');
    await page.getByRole('alert').getByText('There is no such key').waitFor();
    await signIn(watched, keys.one);
    // On the page that was asked for.
    await page.getByRole('link', { name: 'Squad of one' }).waitFor();
    await page.reload();
    await page.getByRole('link', { name: 'Squad of one' }).waitFor();
    // Scripts see neither the key nor the cookie.
    expect(await page.evaluate('document.cookie')).toBe('');
    const stored = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])');
    expect(stored).not.toContain(keys.one);
  });

  it('ends when somebody signs out, and what was on the page is gone', async () => {
    const watched = await dashboard().open('/squads', signedOut);
    const { page } = watched;
    await signIn(watched, keys.one);
    await page.getByRole('link', { name: 'Squad of one' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
    await page.reload();
    await page.getByLabel('API key').waitFor();
    expect(await page.content()).not.toContain('Squad of one');
  });

  it('shows a tenant nothing of another, in lists or by address', async () => {
    const watched = await dashboard().open('/squads', { expected: refused(401, 404) });
    const { page } = watched;
    await signIn(watched, keys.other);
    await page.getByRole('heading', { name: 'No squads yet' }).waitFor();
    for (const path of ['/', '/executions', '/convoys', '/costs', '/system', `/executions/${theirs}`]) {
      await page.goto(path);
      await watched.settled();
      await page.waitForLoadState('networkidle');
      const text = await page.locator('body').innerText();
      expect(text).not.toContain('secret of tenant one');
      expect(text).not.toContain('Squad of one');
    }
    await page.getByText('There is nothing here, or it is not yours.').first().waitFor();
  });

  it('keeps nobody out and fits on a phone', async () => {
    const { page } = await dashboard().open('/', { ...signedOut, size: narrow });
    await page.getByLabel('API key').waitFor();
    expect(await barriers(page)).toEqual([]);
    expect(await beyond(page)).toBe(0);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await barriers(page)).toEqual([]);
  });

  it('is done with the keyboard alone', async () => {
    const { page } = await dashboard().open('/squads', signedOut);
    await page.getByLabel('API key').waitFor();
    // The field has the focus already.
    await page.keyboard.type(keys.one);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Squad of one' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/squads');
  });

  it('takes hostile text for a key that there is not', async () => {
    const watched = await dashboard().open('/', signedOut);
    await signIn(watched, hostileNames.script);
    await watched.page.getByRole('alert').waitFor();
    expect(await watched.page.evaluate('globalThis.harmed')).toBeUndefined();
  });
});

it('ends on the page at once when the key is revoked', async () => {
  const { server } = dashboard();
  const { key, text } = await server.assembly.access.createKey('one', {
    name: 'short',
    scopes: ['read'],
    expiresInMs: null,
  });
  const watched = await dashboard().open('/squads', signedOut);
  await signIn(watched, text);
  await watched.page.getByRole('link', { name: 'Squad of one' }).waitFor();
  await server.assembly.access.revokeKey('one', key.id);
  await watched.page.getByLabel('API key').waitFor();
  expect(await watched.page.content()).not.toContain('Squad of one');
});
