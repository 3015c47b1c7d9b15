import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { details, summary } from './markdown.ts';
import { newest } from './result-file.ts';
import { svg } from './svg.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const begin = '<!-- bench:start -->';
const end = '<!-- bench:end -->';

/** The files that show results, with the text they should have. */
export function documents(): { readonly path: string; readonly text: string }[] {
  const results = newest();
  const withPart = (path: string, part: string) => ({
    path: join(root, path),
    text: replacePart(readFileSync(join(root, path), 'utf8'), part),
  });
  const plots = [...results.values()].flatMap(({ plots: some }) => some);
  return [
    withPart('README.md', summary(results)),
    withPart('docs/benchmarks.md', details(results)),
    ...plots.map((plot) => ({ path: join(root, 'docs/plots', `${plot.name}.svg`), text: svg(plot) })),
  ];
}

/** Writes the kept results into the documents; returns the paths. */
export function writeDocuments(): string[] {
  mkdirSync(join(root, 'docs/plots'), { recursive: true });
  return documents().map(({ path, text }) => {
    writeFileSync(path, text);
    return path;
  });
}

/** The text with everything between the two marks replaced. */
export function replacePart(text: string, part: string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The document has no part between '${begin}' and '${end}'.`);
  return `${text.slice(0, from + begin.length)}\n\n${part}\n\n${text.slice(to)}`;
}
