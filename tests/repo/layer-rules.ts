/**
 * The house rules of `src/`, as a function from its files to the breaches.
 *
 * H1  A floor imports only from floors below it.
 * H2  An adapter never imports another adapter beside it.
 * H3  Only `compose.ts`, with the shapes in `compose/`, picks adapters: nobody else imports from inside an adapter's folder.
 * H4  Only `config/` reads the environment.
 * H5  A file or folder is named after its thing; names that say nothing are refused.
 * H6  No file is longer than 300 lines.
 * H7  OpenTelemetry is imported in `telemetry/otel/` alone, and that folder is loaded only when it is needed.
 */
import { posix } from 'node:path';
import { importsOf, withoutComments } from './source-imports.ts';

/** From the ground up. A single file at the top of `src/` is a floor of its own. */
const floors = [
  'kernel',
  'config',
  'telemetry',
  'redis',
  'squads',
  'access',
  'access',
  'work',
  'workflows',
  'flow',
  'cache',
  'bus',
  'agents',
  'engines',
  'orchestrator',
  'http',
  'client',
  'client.ts',
  'compose',
  'compose.ts',
  'testing',
  'testing.ts',
  'index.ts',
  'cli',
];

const adapterFolders = new Set(['sqlite', 'postgres', 'memory', 'redis', 'nats', 'embedded', 'restate', 'inngest']);
const emptyNames = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'types', 'services', 'managers', 'misc']);
const maxLines = 300;

/** Paths (`src/work/journal.ts`) and texts of source files. */
export type SourceTree = ReadonlyMap<string, string>;

/** Every breach of H1–H7, one line each; empty when the house stands. */
export function breaches(tree: SourceTree): string[] {
  return [...tree].flatMap(([path, text]) => [
    ...importBreaches(path, text),
    ...environmentBreaches(path, text),
    ...nameBreaches(path),
    ...lengthBreaches(path, text),
    ...tracingBreaches(path, text),
  ]);
}

function importBreaches(path: string, text: string): string[] {
  const from = floorOf(path);
  if (from < 0) return [`${path}: is on no floor; the floors are ${floors.join(' < ')}`];
  return importsOf(text)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => posix.join(posix.dirname(path), specifier))
    .filter((target) => target.startsWith('src/'))
    .flatMap((target) => {
      const to = floorOf(target);
      if (to > from) return [`${path}: imports ${target}, which is on a floor above`];
      return adapterBreach(path, target);
    });
}

function adapterBreach(path: string, target: string): string[] {
  const adapter = adapterOf(target);
  if (adapter === undefined || path.startsWith(`${adapter}/`) || path === 'src/compose.ts') return [];
  if (path.startsWith('src/compose/')) return [];
  const own = adapterOf(path);
  if (own !== undefined && posix.dirname(own) === posix.dirname(adapter)) {
    return [`${path}: imports ${target}, an adapter beside its own`];
  }
  return [`${path}: imports ${target}; only src/compose.ts picks adapters`];
}

function environmentBreaches(path: string, text: string): string[] {
  if (path.startsWith('src/config/')) return [];
  const code = withoutComments(text);
  const reads =
    /\bprocess\s*(?:\.\s*env\b|\[\s*['"]env['"])|\{[^{}]*\benv\b[^{}]*\}\s*(?:=\s*process\b|from\s*['"]node:process['"])/;
  return reads.test(code) ? [`${path}: reads the environment; only src/config does`] : [];
}

function nameBreaches(path: string): string[] {
  const empty = path
    .replace(/\.ts$/, '')
    .split('/')
    .find((part) => emptyNames.has(part));
  return empty === undefined ? [] : [`${path}: "${empty}" says nothing; name it after the thing inside`];
}

function lengthBreaches(path: string, text: string): string[] {
  const lines = text.replace(/\n$/, '').split('\n').length;
  return lines > maxLines ? [`${path}: has ${lines} lines, ${maxLines} at most; it misses a noun`] : [];
}

function tracingBreaches(path: string, text: string): string[] {
  if (path.startsWith('src/telemetry/otel/')) return [];
  const imports = importsOf(text).some((specifier) => specifier.startsWith('@opentelemetry/'));
  const eager = /\b(?:import|export)\b[^;(]*\bfrom\s*['"][^'"]*\/otel\//.test(withoutComments(text));
  return imports || eager ? [`${path}: loads OpenTelemetry for everybody; only src/telemetry/otel imports it`] : [];
}

function floorOf(path: string): number {
  return floors.indexOf(path.split('/')[1] ?? '');
}

/** The adapter folder that holds the file (`src/work/sqlite`), if any. */
function adapterOf(path: string): string | undefined {
  const parts = path.split('/');
  const at = parts.findIndex((part, index) => index > 1 && index < parts.length - 1 && adapterFolders.has(part));
  return at < 0 ? undefined : parts.slice(0, at + 1).join('/');
}
