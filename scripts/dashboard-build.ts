import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What the dashboard is built from, below the clone's root. */
const sources = [
  'dashboard/src',
  'dashboard/public',
  'dashboard/index.html',
  'dashboard/vite.config.ts',
  'src/client.ts',
  'src/client',
  'package-lock.json',
];
const built = 'dashboard/dist/index.html';

/** Whether there is no build yet, or one that is older than something it was made from. */
export function needsBuild(root: string): boolean {
  const builtAt = changedAt(join(root, built));
  return builtAt === null || sources.some((source) => (newestBelow(join(root, source)) ?? 0) > builtAt);
}

/** Builds the dashboard; what it said, and whether it worked. */
export function buildDashboard(root: string): { readonly worked: boolean; readonly output: string } {
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const { status, stdout, stderr, error } = spawnSync(
    process.execPath,
    [vite, 'build', join(root, 'dashboard'), '--logLevel', 'warn'],
    // Tests set another, with which React would be built for its developers.
    { cwd: root, encoding: 'utf8', env: { ...process.env, NODE_ENV: 'production' } },
  );
  return { worked: status === 0, output: [stdout, stderr, error?.message].filter(Boolean).join('\n') };
}

/** Epoch milliseconds; null where nothing is. */
function changedAt(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
}

function newestBelow(path: string): number | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  if (!stats.isDirectory()) return stats.mtimeMs;
  // A file that was taken away shows at its folder.
  const below = readdirSync(path).map((name) => newestBelow(join(path, name)) ?? 0);
  return Math.max(stats.mtimeMs, ...below);
}
