/**
 * `npm run screenshots`: every page of the dashboard, light and dark, wide and narrow, into test-results/screenshots, and the
 * pictures of the README into docs/pictures. The pages show an hour of work that a test tells them.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { status } = spawnSync(
  process.execPath,
  [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'browser', 'tests/browser/pages.test.ts'],
  { cwd: root, stdio: 'inherit', env: { ...process.env, PICTURES_FOLDER: join(root, 'docs/pictures') } },
);
process.exitCode = status ?? 1;
