import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../repo/repo-files.ts';

const run = promisify(execFile);

/** An instruction of a Dockerfile. */
interface Instruction {
  readonly word: string;
  readonly rest: string;
}

export interface ImageFolder {
  /** What is added to the base image, as it lies in it. */
  readonly path: string;
  /** The instructions that were not carried out, because they need the base image. */
  readonly leftOut: readonly string[];
}

/**
 * What the Dockerfile of Squadra adds to its base image, made by the steps that it says, each stage a folder in place of a file system.
 * Left out are the commands of the last stage, which make a user, and folders that are his. What the build needs of npm is what the clone
 * has: both are installed from the same lock file, and it takes minutes.
 */
export async function buildImageFolder(folder: string): Promise<ImageFolder> {
  const stages = new Map<string, string>();
  const instructions = readInstructions(join(root, 'deploy/docker/Dockerfile'));
  const lastFrom = instructions.findLastIndex(({ word }) => word === 'FROM');
  const leftOut: string[] = [];
  let stage = '';
  let workdir = '/';
  for (const [place, { word, rest }] of instructions.entries()) {
    if (word === 'FROM') {
      const [, name = 'last'] = / AS (\w+)$/.exec(rest) ?? [];
      stage = join(folder, name);
      workdir = '/';
      mkdirSync(stage, { recursive: true });
      stages.set(name, stage);
    } else if (word === 'WORKDIR') {
      workdir = rest;
      mkdirSync(join(stage, workdir), { recursive: true });
    } else if (word === 'COPY') {
      copy(rest, { stage, workdir, stages });
    } else if (word === 'RUN' && place > lastFrom) {
      leftOut.push(rest);
    } else if (word === 'RUN' && rest === installAll) {
      symlinkSync(join(root, 'node_modules'), join(stage, workdir, 'node_modules'));
    } else if (word === 'RUN') {
      const command = rest.replaceAll(/(?<= )\/(?=prune)/g, `${stage}/`);
      await run('sh', ['-c', command], { cwd: join(stage, workdir), env, maxBuffer: 2 ** 26 });
    }
  }
  return { path: stage, leftOut };
}

const installAll = 'npm ci --ignore-scripts';

/** Bytes of all files below a folder. */
export function bytesBelow(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** npm and what it runs get the Node of these tests, which is that of the image, and nothing of what started the tests. */
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_OPTIONS$|^VITEST/.test(name))),
  PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
  npm_config_prefer_offline: 'true',
};

function readInstructions(path: string): Instruction[] {
  const text = readFileSync(path, 'utf8').replaceAll('\\\n', ' ');
  return [...text.matchAll(/^([A-Z]+) (.*)$/gm)].map(([, word = '', rest = '']) => ({ word, rest }));
}

interface Place {
  readonly stage: string;
  readonly workdir: string;
  readonly stages: ReadonlyMap<string, string>;
}

function copy(rest: string, { stage, workdir, stages }: Place): void {
  const words = rest.split(' ');
  const from = /^--from=(\w+)$/.exec(words[0] ?? '')?.[1];
  const [to = '', ...sources] = words.slice(from === undefined ? 0 : 1).toReversed();
  const target = to.startsWith('/') ? join(stage, to) : join(stage, workdir, to);
  const isFolder = to.endsWith('/') || to === '.';
  for (const source of sources) {
    // The Node of the image is that of these tests.
    const origin =
      source === '/usr/local/bin/node'
        ? process.execPath
        : from === undefined
          ? join(root, source)
          : join(stages.get(from) ?? '', source);
    if (!existsSync(origin)) throw new Error(`The Dockerfile copies ${source}, which is not there.`);
    const goesInto = isFolder && !statSync(origin).isDirectory();
    cpSync(origin, goesInto ? join(target, source.split('/').at(-1) ?? '') : target, {
      recursive: true,
      filter: (path) => from !== undefined || origin === process.execPath || isSent(relative(root, path)),
    });
  }
}

const rules = readFileSync(join(root, 'deploy/docker/Dockerfile.dockerignore'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

/** Whether a path of the clone is sent to who builds: the last rule counts that is about it, or about what it lies in. */
function isSent(path: string): boolean {
  if (path === '') return true;
  let sent = true;
  for (const rule of rules) {
    const named = rule.replace('!', '');
    const isInside = named === '*' || path === named || path.startsWith(`${named}/`);
    // Folders on the way to what is named are walked through.
    const isAbove = rule.startsWith('!') && named.startsWith(`${path}/`);
    if (isInside || isAbove) sent = rule.startsWith('!');
  }
  return sent;
}
