import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the clone. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

const notOurs = new Set(['node_modules', 'dist', 'coverage', '.git', '.squadra', 'test-results']);

/** Files of the clone below `folder` whose name ends in `ending`: path from the root with forward slashes → text. */
export function filesBelow(folder: string, ending: string): Map<string, string> {
  const files = new Map<string, string>();
  const visit = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const below = join(path, entry.name);
      if (entry.isDirectory()) {
        if (!notOurs.has(entry.name) && !entry.name.startsWith('.docs-snippets-')) visit(below);
      } else if (entry.name.endsWith(ending)) {
        files.set(relative(root, below).split(sep).join('/'), readFileSync(below, 'utf8'));
      }
    }
  };
  visit(join(root, folder));
  return files;
}
