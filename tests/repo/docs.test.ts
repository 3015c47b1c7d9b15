import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { anchorsOf, fencesOf, linksOf, typedText } from './markdown.ts';
import { filesBelow, root } from './repo-files.ts';

const documents = new Map([...filesBelow('', '.md')].filter(([path]) => !path.startsWith('src/')));
const run = promisify(execFile);

describe('the documents', () => {
  it('link to files and headings that exist', () => {
    const broken = [...documents].flatMap(([path, text]) =>
      linksOf(text)
        .filter((link) => !/^[a-z]+:/i.test(link))
        .filter((link) => !resolves(path, link))
        .map((link) => `${path}: ${link}`),
    );
    expect(broken).toEqual([]);
  });

  it('show TypeScript that compiles against the sources', async () => {
    const folder = mkdtempSync(join(root, '.docs-snippets-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const snippets = [...documents, ...docComments()].flatMap(([path, text]) =>
      fencesOf(text)
        .filter((fence) => fence.language === 'ts')
        .map((fence) => ({ name: `${path.replace(/\W+/g, '-')}-line-${fence.line}.ts`, code: fence.code })),
    );
    expect(snippets.length).toBeGreaterThan(0);
    for (const { name, code } of snippets) writeFileSync(join(folder, name), `${code}\nexport {};\n`);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(snippetProject));
    expect(await compile(folder)).toBe('');
  });

  it('give a reason for each dependency, and for nothing else', () => {
    const record = readFileSync(join(root, 'docs/decisions/0010-dependencies.md'), 'utf8');
    const rows = [...record.matchAll(/^\| (`.*?) \|/gm)].map((match) => match[1] ?? '');
    const reasoned = rows.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''));
    expect(reasoned.toSorted()).toEqual(dependencyNames().toSorted());
  });

  it('name npm scripts that exist', () => {
    const scripts = new Set(Object.keys(manifest().scripts));
    const unknown = namedIn(/\bnpm run ([\w:-]+)/g).filter(({ name }) => !scripts.has(name));
    expect(unknown).toEqual([]);
  });

  it('name commands of squadra that exist', async () => {
    const commands = await commandNames();
    const unknown = namedIn(/(?:^|\s)squadra ([a-z][\w-]*)/g).filter(({ name }) => !commands.has(name));
    expect(unknown).toEqual([]);
  });
});

const snippetProject = {
  extends: '../tsconfig.json',
  // A snippet may show a value without using it.
  compilerOptions: {
    noUnusedLocals: false,
    noUnusedParameters: false,
    paths: {
      squadra: ['../src/index.ts'],
      'squadra/client': ['../src/client.ts'],
      'squadra/testing': ['../src/testing.ts'],
    },
  },
  include: ['*.ts'],
  exclude: [],
};

function resolves(path: string, link: string): boolean {
  const [file = '', anchor] = decodeURI(link).split('#');
  const target = file === '' ? path : join(dirname(path), file);
  if (!existsSync(join(root, target))) return false;
  if (anchor === undefined || !target.endsWith('.md')) return true;
  return anchorsOf(readFileSync(join(root, target), 'utf8')).has(anchor);
}

async function compile(folder: string): Promise<string> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  try {
    await run(process.execPath, [compiler, '--noEmit', '--pretty', 'false', '--project', folder], { cwd: folder });
    return '';
  } catch (error) {
    return error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
  }
}

function namedIn(pattern: RegExp): { path: string; name: string }[] {
  return [...documents].flatMap(([path, text]) =>
    typedText(text).flatMap((line) => [...line.matchAll(pattern)].map((match) => ({ path, name: match[1] ?? '' }))),
  );
}

/** The doc comments of the sources as Markdown: what stands in their fences is an example too. */
function docComments(): [path: string, markdown: string][] {
  return [...filesBelow('src', '.ts')].map(([path, text]) => {
    const comments = [...text.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)].map(([comment]) => comment);
    return [path, comments.map((comment) => comment.replace(/^[ \t]*(?:\/\*\*|\*\/|\*) ?/gm, '')).join('\n')];
  });
}

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

function manifest(): Manifest {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
}

function dependencyNames(): string[] {
  const { dependencies, devDependencies } = manifest();
  return Object.keys({ ...dependencies, ...devDependencies });
}

async function commandNames(): Promise<Set<string>> {
  const { stdout } = await run(process.execPath, [join(root, 'src/cli/main.ts'), '--help']);
  const list = stdout.slice(stdout.indexOf('Commands:'));
  return new Set([...list.matchAll(/^ {2}([a-z][\w-]*)/gm)].map((match) => match[1] ?? ''));
}
