/** The launcher, in a small clone of its own: how it installs, starts another Node, and passes on what it is given. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { root } from './repo-files.ts';

const echo = `console.log(JSON.stringify({ args: process.argv.slice(2), script: process.argv[1], cwd: process.cwd() }));`;

/** A clone with one script; `needs` is the Node major it asks for, so that the present one can play the old one. */
function clone(options: { needs: number; script: string; bundledNode: boolean; npm?: string }): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'squadra-launch-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'scripts'));
  const launcher = readFileSync(join(root, 'scripts/launch.mjs'), 'utf8');
  writeFileSync(
    join(folder, 'scripts/launch.mjs'),
    launcher.replace('neededMajor = 24', `neededMajor = ${options.needs}`),
  );
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'script.ts'), options.script);
  writeFileSync(join(folder, 'npm-cli.js'), options.npm ?? 'process.exit(1)');
  if (options.bundledNode) {
    mkdirSync(join(folder, 'node_modules/node/bin'), { recursive: true });
    symlinkSync(process.execPath, join(folder, 'node_modules/node/bin/node'));
  }
  return folder;
}

function start(folder: string, ...args: string[]): ChildProcess {
  const { NODE_COMPILE_CACHE: _whereTheTestsKeepIt, ...env } = process.env;
  return spawn(process.execPath, [join(folder, 'scripts/launch.mjs'), 'script.ts', ...args], {
    cwd: tmpdir(),
    env: { ...env, npm_execpath: join(folder, 'npm-cli.js') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code]: (number | null)[] = await once(child, 'close');
  return { code: code ?? null, out, err };
}

describe.each([
  ['by a Node that is new enough', 24],
  ['by one that is too old', 99],
])('the launcher, started %s', (_title, needs) => {
  it('gives the script its arguments and the working directory, and says nothing itself', async () => {
    const folder = clone({ needs, script: echo, bundledNode: true });
    const { code, out, err } = await ended(start(folder, '--resume', 'two words'));
    expect(JSON.parse(out)).toEqual({
      args: ['--resume', 'two words'],
      script: join(folder, 'script.ts'),
      cwd: realpathSync(tmpdir()),
    });
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  it('ends with the exit code of the script', async () => {
    const folder = clone({ needs, script: 'process.exit(7)', bundledNode: true });
    expect(await ended(start(folder))).toMatchObject({ code: 7 });
  });

  it('keeps what sources become without their types, also those of threads', async () => {
    const thread = `const text: string = 'of a thread'; console.log(text);`;
    const script = `import { Worker } from 'node:worker_threads'; new Worker(new URL('./thread.ts', import.meta.url));`;
    const folder = clone({ needs, script, bundledNode: true });
    writeFileSync(join(folder, 'thread.ts'), thread);
    expect(await ended(start(folder))).toEqual({ code: 0, out: 'of a thread\n', err: '' });
    const kept = join(folder, 'node_modules/.cache/squadra');
    const files = readdirSync(kept, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const texts = files.map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'));
    expect(texts.filter((text) => text.includes(`'of a thread'`))).not.toEqual([]);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('passes on %s, and the script decides', async (signal) => {
    const script = `process.on('${signal}', () => { console.log('got it'); process.exit(5); });
      setInterval(() => {}, 1000); console.log('ready');`;
    const child = start(clone({ needs, script, bundledNode: true }));
    const end = ended(child);
    child.stdout?.once('data', () => child.kill(signal));
    expect(await end).toMatchObject({ code: 5, out: 'ready\ngot it\n' });
  });
});

describe('a launcher started by too old a Node', () => {
  it('reports a script that died of a signal as 128 + its number', async () => {
    const script = `process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000);`;
    expect(await ended(start(clone({ needs: 99, script, bundledNode: true })))).toMatchObject({ code: 137 });
  });

  it('installs what is missing with one line, then runs the script', async () => {
    const npm = `const { mkdirSync, symlinkSync } = await import('node:fs');
      mkdirSync('node_modules/node/bin', { recursive: true });
      symlinkSync(process.execPath, 'node_modules/node/bin/node'); console.log('noise');`;
    const { code, out, err } = await ended(start(clone({ needs: 99, script: echo, bundledNode: false, npm })));
    expect(code).toBe(0);
    expect(out).not.toContain('noise');
    expect(err).toMatch(/^squadra: installing .*\n$/);
  });

  it('shows what npm said when the installation fails', async () => {
    const npm = `console.error('registry unreachable'); process.exit(4);`;
    const { code, err } = await ended(start(clone({ needs: 99, script: echo, bundledNode: false, npm })));
    expect(code).toBe(3);
    expect(err).toMatch(/npm ci failed \(exit 4\)\n.*registry unreachable/);
  });

  it('says how to get a newer Node when npm left it out', async () => {
    const folder = clone({ needs: 99, script: echo, bundledNode: false, npm: '' });
    const { code, err } = await ended(start(folder));
    expect(code).toBe(3);
    expect(err).toContain('npm rebuild node --ignore-scripts=false');
  });
});
