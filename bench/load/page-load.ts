import { openAssembly } from '../../src/compose.ts';
import { Readiness } from '../../src/http/readiness.ts';
import { startServer } from '../../src/http/server.ts';
import { launchChromium } from '../../tests/browser/support/chromium.ts';
import { spread } from '../measure/statistics.ts';
import type { Spread } from '../measure/statistics.ts';
import { submitAll } from '../workload/round.ts';
import { threeSteps } from '../workload/three-steps.ts';

/** So that the page has something to show. */
const executions = 500;

/** How soon the Overview is there, in Chromium. */
export interface PageLoad {
  /** From the beginning of the navigation until its heading and the menu are there. */
  readonly interactiveMs: Spread;
  /** Until nothing on it is being read any more. */
  readonly readMs: Spread;
  /** Kilobytes (1,000 bytes) of JavaScript as they were sent. */
  readonly scriptKb: number;
}

/** Runs inside the page: notes when it could first be used, and when everything on it had been read. */
const noting = `
  globalThis.noted = new Promise((resolve) => {
    let interactive = null;
    const look = () => {
      if (interactive === null && document.querySelector('main h1') !== null) interactive = performance.now();
      if (interactive === null || document.querySelector('.loading') !== null) return;
      resolve({ interactive, read: performance.now() });
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true });
  })`;
const scripts = `performance.getEntriesByType('resource')
  .filter(({ name }) => name.endsWith('.js')).reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`;

/** Opens the page `times` over, each time with nothing remembered. The dashboard has to be built. */
export async function measurePageLoad(stateDir: string, times: number): Promise<PageLoad> {
  const assembly = await openAssembly({ stateDir, workflows: [threeSteps] }, { command: 'serve' });
  await using squadra = assembly.squadra;
  await submitAll(squadra, executions, 50);
  const server = await startServer({ ...assembly, readiness: new Readiness() }, { host: '127.0.0.1', port: 0 });
  const browser = await launchChromium();
  try {
    const noted: { readonly interactive: number; readonly read: number }[] = [];
    let scriptBytes = 0;
    // The first is a server's and a browser's own first time.
    for (let n = 0; n <= times; n++) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.addInitScript(noting);
      await page.goto(server.url);
      const one = await page.evaluate<{ interactive: number; read: number }>('noted');
      scriptBytes = await page.evaluate<number>(scripts);
      if (n > 0) noted.push(one);
      await context.close();
    }
    return {
      interactiveMs: spread(noted.map(({ interactive }) => interactive)),
      readMs: spread(noted.map(({ read }) => read)),
      scriptKb: scriptBytes / 1_000,
    };
  } finally {
    await browser.close();
    await server.close();
  }
}
