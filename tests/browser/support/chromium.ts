import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

/** Where Debian, Ubuntu and others put it. */
const usualPlaces = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'];

/** The browser that tests use: that of CHROMIUM_PATH, or an installed one. Throws, saying how to get one, where there is none. */
function chromiumPath(): string {
  const named = process.env['CHROMIUM_PATH'];
  const found = (named === undefined ? usualPlaces : [named]).find((path) => existsSync(path));
  if (found !== undefined) return found;
  const where = named === undefined ? usualPlaces.join(', ') : `CHROMIUM_PATH (${named})`;
  throw new Error(
    `The tests of the dashboard need Chromium, and there is none at ${where}.\n` +
      'Install it (`apt-get install chromium` on Debian and Ubuntu), or set CHROMIUM_PATH to the one that you have.',
  );
}

/** Starts it without a window. */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), headless: true });
}
