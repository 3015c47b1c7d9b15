/**
 * `npm run build`: `src/` → `dist/` as JavaScript with declarations, for the npm package only (a clone runs its sources).
 * What is not TypeScript (prompts, templates) is copied to the same place, so that `new URL('./x.md', import.meta.url)` finds it
 * in both forms. The dashboard is built to `dist/dashboard`.
 */
import { spawnSync } from 'node:child_process';
import { cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildDashboard } from './dashboard-build.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'src');
const target = join(root, 'dist');

await rm(target, { recursive: true, force: true });
const compiled = spawnSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '--project', join(root, 'tsconfig.build.json')],
  { stdio: 'inherit' },
);
if (compiled.status !== 0) {
  process.exitCode = 1;
} else {
  await copyAssets();
  const { worked, output } = buildDashboard(root);
  process.stderr.write(output);
  if (worked) await cp(join(root, 'dashboard/dist'), join(target, 'dashboard'), { recursive: true });
  else process.exitCode = 1;
}

async function copyAssets(): Promise<void> {
  for (const path of await filesBelow(source)) {
    if (!path.endsWith('.ts')) await cp(path, join(target, path.slice(source.length)));
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
