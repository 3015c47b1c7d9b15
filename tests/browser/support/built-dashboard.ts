import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromiumPath } from './chromium.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const built = join(root, 'dashboard/dist/index.html');
/** What the build is made of. */
const sources = ['dashboard/src', 'dashboard/public', 'src/client', 'src/http/schemas'];
const sourceFiles = ['dashboard/index.html', 'dashboard/vite.config.ts', 'src/client.ts', 'package-lock.json'];

/** Once per run of the browser tests: fails at once where there is no Chromium, and builds the dashboard unless it is fresh. */
export function setup(): void {
  chromiumPath();
  if (isFresh()) return;
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [vite, 'build', 'dashboard', '--logLevel', 'warn'], {
    cwd: root,
    encoding: 'utf8',
    // Whoever tests has NODE_ENV `test`, with which the build would hold the development version of React.
    env: { ...process.env, NODE_ENV: 'production' },
  });
  if (status !== 0) throw new Error(`The dashboard could not be built:\n${stdout}${stderr}`);
}

function isFresh(): boolean {
  const at = statSync(built, { throwIfNoEntry: false })?.mtimeMs;
  if (at === undefined) return false;
  const files = [...sourceFiles, ...sources.flatMap(filesBelow)];
  return files.every((file) => statSync(join(root, file)).mtimeMs < at);
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
}
