/** When `npm start` builds the dashboard. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { buildDashboard, needsBuild } from '../../scripts/dashboard-build.ts';

/** A clone with a dashboard that was built at second 1,000 from sources of second 500. */
function clone(): { root: string; write: (path: string, second: number) => void } {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'squadra-dashboard-')));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const write = (path: string, second: number): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), '');
    for (let at = join(root, path); at !== root; at = dirname(at)) utimesSync(at, second, second);
  };
  write('dashboard/src/pages/page.tsx', 500);
  write('dashboard/dist/index.html', 1_000);
  return { root, write };
}

it('builds nothing where the build is newer than what it was made from', () => {
  expect(needsBuild(clone().root)).toBe(false);
});

it('builds where nothing was built', () => {
  const { root } = clone();
  rmSync(join(root, 'dashboard/dist'), { recursive: true });
  expect(needsBuild(root)).toBe(true);
});

it.each(['dashboard/src/pages/other.tsx', 'dashboard/index.html', 'src/client/client.ts', 'package-lock.json'])(
  'builds when %s is newer',
  (path) => {
    const { root, write } = clone();
    write(path, 1_500);
    expect(needsBuild(root)).toBe(true);
  },
);

it('builds when a source was taken away', () => {
  const { root } = clone();
  utimesSync(join(root, 'dashboard/src/pages'), 1_500, 1_500);
  expect(needsBuild(root)).toBe(true);
});

it('says why a build failed instead of throwing', () => {
  const { worked, output } = buildDashboard(clone().root);
  expect(worked).toBe(false);
  expect(output).toContain('vite.js');
});
