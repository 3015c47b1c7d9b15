/**
 * `npm run build`: `src/` → `dist/` as JavaScript with declarations, for the npm package only (a clone runs its sources).
 * What is not TypeScript (prompts, templates, dashboards) is copied to the same place, so that
 * `new URL('./x.md', import.meta.url)` finds it in both forms.
 */
import { spawnSync } from 'node:child_process';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
  await pointWorkersAtJavaScript();
}

async function copyAssets(): Promise<void> {
  for (const path of await filesBelow(source)) {
    if (!path.endsWith('.ts')) await cp(path, join(target, path.slice(source.length)));
  }
}

/** The compiler rewrites the extensions of imports, but not those of `new Worker(new URL('./x.ts', import.meta.url))`. */
async function pointWorkersAtJavaScript(): Promise<void> {
  const workerUrl = /(new URL\(\s*)(['"`])(\.{1,2}\/[^'"`]+)\.ts\2(\s*,\s*import\.meta\.url)/g;
  for (const path of await filesBelow(target)) {
    if (!path.endsWith('.js')) continue;
    const code = await readFile(path, 'utf8');
    const rewritten = code.replace(workerUrl, '$1$2$3.js$2$4');
    if (rewritten !== code) await writeFile(path, rewritten);
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
