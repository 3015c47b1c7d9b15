/**
 * `npm run coverage`: the suite with line coverage of `src/`, 90 % at least.
 *
 * The test runner sees only what runs in its own threads. Much of Squadra runs elsewhere on purpose: the writer and the
 * readers in threads of their own, crash tests and commands in child processes. Node writes down what those ran
 * (NODE_V8_COVERAGE), in offsets that fit the sources because stripping types moves nothing; both views are joined here.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const leastLinePercent = 90;
const root = fileURLToPath(new URL('..', import.meta.url));
const reports = join(root, 'coverage');
const processReports = join(reports, 'processes');

interface Position {
  readonly line: number;
  readonly column: number;
}

/** Istanbul's view of one file, as the test runner writes it. */
interface FileCoverage {
  readonly path: string;
  readonly statementMap: Readonly<Record<string, { readonly start: Position }>>;
  readonly s: Readonly<Record<string, number>>;
}

interface CountedRange {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** V8's view of one script in one process or thread. Inner ranges come after the ranges around them. */
interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly CountedRange[] }[];
}

rmSync(reports, { recursive: true, force: true });
const tests = spawnSync(
  process.execPath,
  [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--coverage', ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
    // Code that comes compiled out of a cache is counted by function, not by line.
    env: { ...process.env, NODE_V8_COVERAGE: processReports, NODE_DISABLE_COMPILE_CACHE: '1' },
  },
);
process.exitCode = tests.status ?? 1;
if (existsSync(join(reports, 'coverage-final.json'))) report();

function report(): void {
  const files = JSON.parse(readFileSync(join(reports, 'coverage-final.json'), 'utf8')) as Record<string, FileCoverage>;
  const elsewhere = ranElsewhere();
  let covered = 0;
  let total = 0;
  for (const file of Object.values(files)) {
    const lines = linesOf(file, elsewhere.get(pathToFileURL(file.path).href) ?? []);
    const missing = [...lines].filter(([, hit]) => !hit).map(([line]) => line);
    total += lines.size;
    covered += lines.size - missing.length;
    const percent = 100 * (1 - missing.length / Math.max(1, lines.size));
    if (percent < leastLinePercent) {
      console.log(`${percent.toFixed(0).padStart(3)} %  ${relative(root, file.path)}  not run: ${missing.join(' ')}`);
    }
  }
  const percent = (100 * covered) / Math.max(1, total);
  console.log(`\n${percent.toFixed(1)} % of ${total} lines of src/ ran (${leastLinePercent} % at least)`);
  if (percent < leastLinePercent) process.exitCode = 1;
}

/** The lines of a file on which a statement begins, and whether one of them ran. */
function linesOf(file: FileCoverage, elsewhere: readonly ScriptCoverage[]): Map<number, boolean> {
  const starts = lineStarts(readFileSync(file.path, 'utf8'));
  const lines = new Map<number, boolean>();
  for (const [id, { start }] of Object.entries(file.statementMap)) {
    const offset = (starts[start.line - 1] ?? 0) + start.column;
    const hit = (file.s[id] ?? 0) > 0 || elsewhere.some((script) => ranAt(script, offset));
    lines.set(start.line, hit || lines.get(start.line) === true);
  }
  return lines;
}

function lineStarts(text: string): number[] {
  return [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
}

/** The innermost range around an offset says how often it ran. */
function ranAt(script: ScriptCoverage, offset: number): boolean {
  let innermost: CountedRange | undefined;
  for (const { ranges } of script.functions) {
    for (const range of ranges) {
      if (offset < range.startOffset || offset >= range.endOffset) continue;
      const size = range.endOffset - range.startOffset;
      if (innermost === undefined || size <= innermost.endOffset - innermost.startOffset) innermost = range;
    }
  }
  return innermost !== undefined && innermost.count > 0;
}

/** What Node wrote down, by the URL of the source. The test runner's own processes are left out: they transform sources. */
function ranElsewhere(): Map<string, ScriptCoverage[]> {
  const sources = pathToFileURL(join(root, 'src')).href;
  const found = new Map<string, ScriptCoverage[]>();
  for (const name of existsSync(processReports) ? readdirSync(processReports) : []) {
    const { result } = JSON.parse(readFileSync(join(processReports, name), 'utf8')) as { result: ScriptCoverage[] };
    if (result.some(({ url }) => url.includes('/node_modules/vitest/dist/'))) continue;
    for (const script of result.filter(({ url }) => url.startsWith(sources))) {
      found.set(script.url, [...(found.get(script.url) ?? []), script]);
    }
  }
  return found;
}
