import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the built dashboard, as it is given out. */
export interface DashboardFile {
  readonly type: string;
  /** With its quotes. */
  readonly etag: string;
  /** Whether its name changes with its content, so that it can be kept for ever. */
  readonly isHashed: boolean;
  readonly plain: Buffer;
  /** By the name of the encoding, the best first; made when it was built. */
  readonly encoded: ReadonlyMap<string, Buffer>;
}

/** The built dashboard: by address, such as `/assets/main-x1.js`; the page itself is `/index.html`. */
export type DashboardFiles = ReadonlyMap<string, DashboardFile>;

export const pageAddress = '/index.html';

/** Beside the sources in a clone, below the JavaScript in the npm package. */
const dashboardFolder = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../../dashboard/dist/' : '../../dashboard/', import.meta.url),
);

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

const encodings = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

/** Reads what was built into memory, so that a build while the server runs takes nothing from those who have the page; null when nothing was built. */
export async function readDashboard(folder: string = dashboardFolder): Promise<DashboardFiles | null> {
  const paths = await filesBelow(folder);
  if (!paths.includes('index.html')) return null;
  const known = new Set(paths);
  const files = paths
    .filter((path) => types[extname(path)] !== undefined)
    .map(async (path) => [`/${path}`, await readOne(folder, path, known)] as const);
  return new Map(await Promise.all(files));
}

/** Below the folder, with `/` between; none where there is no folder. */
async function filesBelow(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

async function readOne(folder: string, path: string, known: ReadonlySet<string>): Promise<DashboardFile> {
  const plain = await readFile(join(folder, path));
  const encoded = new Map<string, Buffer>();
  for (const [name, ending] of encodings)
    if (known.has(path + ending)) encoded.set(name, await readFile(join(folder, path + ending)));
  const digest = createHash('sha256').update(plain).digest('base64url').slice(0, 22);
  const type = types[extname(path)] ?? 'application/octet-stream';
  return { type, etag: `"${digest}"`, isHashed: path.startsWith('assets/'), plain, encoded };
}
