import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { launchChromium } from './chromium.ts';
import { DashboardServer } from './dashboard-server.ts';
import type { ServerOptions } from './dashboard-server.ts';
import { WatchedPage } from './watched-page.ts';

/** How somebody looks at a page. */
export interface Look {
  readonly theme?: 'light' | 'dark';
  /** 1440 by 900 where nothing is said; a phone is 390 by 844. */
  readonly size?: { readonly width: number; readonly height: number };
  /** What Chromium may note in its console. */
  readonly expected?: RegExp;
}

export const wide = { width: 1440, height: 900 };
export const narrow = { width: 390, height: 844 };

/** A server and a browser for all tests of a file. Pages are closed after each test, which fails when one of them had something to complain about. */
export interface Dashboard {
  readonly server: DashboardServer;
  /** Opens a page of the dashboard with a session of its own: no cookie, nothing remembered. */
  open(path: string, look?: Look): Promise<WatchedPage>;
}

/** Call it at the top of a file. `options` may be made when the tests begin, such as a state folder that was prepared. */
export function useDashboard(
  options: ServerOptions | (() => ServerOptions | Promise<ServerOptions>) = {},
): () => Dashboard {
  const pages: WatchedPage[] = [];
  let browser: Browser | null = null;
  let server: DashboardServer | null = null;
  beforeAll(async () => {
    const problem = inject('buildProblem');
    if (problem !== '') throw new Error(problem);
    browser = await launchChromium();
    server = await DashboardServer.open(typeof options === 'function' ? await options() : options);
  });
  afterEach(async () => {
    const open = pages.splice(0);
    const findings = open.flatMap((page) => page.findings);
    await Promise.all(open.map((page) => page.close()));
    expect(findings).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  });
  return () => {
    if (server === null || browser === null) throw new Error('A dashboard is for the inside of a test.');
    return { server, open: (path, look = {}) => openPage({ browser, server, pages }, path, look) };
  };
}

interface Opening {
  readonly browser: Browser | null;
  readonly server: DashboardServer | null;
  readonly pages: WatchedPage[];
}

async function openPage({ browser, server, pages }: Opening, path: string, look: Look): Promise<WatchedPage> {
  if (server === null || browser === null) throw new Error('A dashboard is for the inside of a test.');
  const { theme = 'light', size = wide, expected } = look;
  const viewing: BrowserContextOptions = {
    baseURL: server.url,
    colorScheme: theme,
    viewport: size,
    // Nothing moves while it is looked at, and everybody sees the same times.
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
  };
  const page = await WatchedPage.open(await browser.newContext(viewing), server.url);
  pages.push(page);
  if (expected !== undefined) page.expect(expected);
  await page.page.goto(path);
  return page;
}
