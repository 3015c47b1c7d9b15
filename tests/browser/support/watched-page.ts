import type { BrowserContext, Page } from 'playwright-core';
import { NetworkLog } from './network-log.ts';

const tellOfBrokenPolicies = `document.addEventListener('securitypolicyviolation', (broken) =>
  console.error('Policy broken: ' + broken.violatedDirective + ' by ' + broken.blockedURI))`;

/**
 * Chromium's own note of an answer that was no success, or that did not come. Whether that was in order is a matter of the
 * test; what the page makes of it is not.
 */
const networkNote = /^Failed to load resource: /;

/** A page and all that a person would find wrong in its console: thrown errors, broken policies, requests to other places. */
export class WatchedPage {
  readonly page: Page;
  readonly log: NetworkLog;
  readonly #findings: string[] = [];
  readonly #context: BrowserContext;
  #expected: RegExp | null = null;

  private constructor(context: BrowserContext, page: Page, log: NetworkLog) {
    this.#context = context;
    this.page = page;
    this.log = log;
  }

  static async open(context: BrowserContext, origin: string): Promise<WatchedPage> {
    const page = await context.newPage();
    // Whatever is waited for comes within this time also on a machine that does much else.
    page.setDefaultTimeout(20_000);
    const watched = new WatchedPage(context, page, await NetworkLog.of(page));
    await page.addInitScript(tellOfBrokenPolicies);
    page.on('pageerror', (error) => watched.#find(`thrown: ${error.stack ?? error.message}`));
    page.on('crash', () => watched.#find('the page crashed'));
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      watched.#find(`console: ${message.text()} ${message.location().url}`);
    });
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.origin !== origin && url.protocol !== 'blob:') watched.#find(`request elsewhere: ${request.url()}`);
    });
    return watched;
  }

  /** From now on these lines of the console are in order, such as Chromium's own about an answer 401. */
  expect(lines: RegExp): void {
    this.#expected = lines;
  }

  /** What is wrong by now. */
  get findings(): readonly string[] {
    return this.#findings;
  }

  /** Resolves when nothing is under way and all that was read is shown. */
  async settled(): Promise<void> {
    await this.page.locator('main h1').first().waitFor();
    await this.page.locator('.loading').first().waitFor({ state: 'detached' });
  }

  /** Ends its session with all its pages. */
  async close(): Promise<void> {
    await this.#context.close();
  }

  #find(what: string): void {
    if (this.#expected?.test(what) === true) return;
    this.#findings.push(what);
  }
}

/** Answers with these statuses are expected, such as 401 before somebody signed in. */
export function refused(...statuses: readonly number[]): RegExp {
  return new RegExp(`^console: ${networkNote.source.slice(1)}.*\\b(?:${statuses.join('|')})\\b`);
}

/** The server goes away or comes back: requests fail or are refused, and Chromium notes each. */
export const unreachable = /^console: Failed to load resource: (?:net::ERR_|.* 503 )/;

/** By how many pixels the page is wider than what it is shown in: by so much it scrolls sideways. */
export function beyond(page: Page): Promise<number> {
  return page.evaluate('Math.max(0, document.documentElement.scrollWidth - innerWidth)');
}
