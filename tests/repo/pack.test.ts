/**
 * The npm package as its users get it: packed, installed into an empty folder, and used as a command, as a library and by
 * the compiler. Node strips no types under node_modules, so everything here runs from built JavaScript.
 */
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from './repo-files.ts';

const run = promisify(execFile);
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'squadra-pack-')));
const installed = join(folder, 'node_modules/squadra');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
};

/** An environment without what `npm test` leaves in it, and with the present Node first. */
const env = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        !/^npm_(package|lifecycle|config_(local_)?prefix)|^NODE_OPTIONS$|^(SQUADRA|OPENAI|ANTHROPIC|GROQ|OLLAMA|OTEL)_/.test(
          name,
        ),
    ),
  ),
  PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
};

beforeAll(async () => {
  await run('npm', ['pack', '--pack-destination', folder, '--loglevel=error'], { cwd: root, env }).catch(withOutput);
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const tarball = join(folder, `squadra-${manifest.version}.tgz`);
  try {
    await run(
      'npm',
      ['install', tarball, '--prefer-offline', '--fetch-retries=0', '--no-audit', '--no-fund', '--loglevel=error'],
      { cwd: folder, env },
    );
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    await installByHand(tarball);
  }
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('ships JavaScript, declarations, prompts and templates, and no sources', () => {
  expect(existsSync(join(installed, 'dist/index.js'))).toBe(true);
  expect(existsSync(join(installed, 'dist/index.d.ts'))).toBe(true);
  expect(existsSync(join(installed, 'dist/squads/templates/software.yaml'))).toBe(true);
  expect(existsSync(join(installed, 'dist/dashboard/index.html'))).toBe(true);
  expect(existsSync(join(installed, 'src'))).toBe(false);
  expect(existsSync(join(installed, 'tests'))).toBe(false);
});

it('has a command that knows its version', async () => {
  const { stdout } = await squadra('--version');
  expect(stdout.trim()).toBe(manifest.version);
});

it('has a command whose demo takes the example request to its end', async () => {
  const { stdout } = await squadra('demo', '--json');
  const last: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  expect(last).toMatchObject({ status: 'completed' });
});

it('is a library that runs workflows, its threads included', async () => {
  const program = `
    import { defineWorkflow, openSquadra } from 'squadra';
    const greet = defineWorkflow({
      name: 'greet',
      run: async ({ input, step }) => {
        await step.sleep('a moment', 5);
        return step.run('greet', () => 'Hello, ' + input.who);
      },
    });
    await using squadra = await openSquadra({ stateDir: 'library-state', workflows: [greet] });
    const run = await squadra.submit(greet, { input: { who: 'package' } });
    console.log(JSON.stringify(await run.result()));
    console.log((await squadra.list()).items.length);`;
  writeFileSync(join(folder, 'library.js'), program);
  const { stdout, stderr } = await run(process.execPath, ['library.js'], { cwd: folder, env });
  expect(stderr).toBe('');
  expect(stdout).toBe('{"status":"completed","output":"Hello, package"}\n1\n');
});

it('brings what tests of workflows need', async () => {
  const program = `
    import { defineWorkflow } from 'squadra';
    import { runToEnd } from 'squadra/testing';
    const patient = defineWorkflow({
      name: 'patient',
      run: async ({ squad, step }) => {
        const { text } = await squad.ask('tester', 'Test it.');
        await step.sleep('night', '12h');
        return text;
      },
    });
    const { outcome, durationMs, calls } = await runToEnd(patient, {}, { answers: ['It works.'], crashAt: 'night' });
    console.log(JSON.stringify([outcome, durationMs, calls.length]));`;
  writeFileSync(join(folder, 'testing.js'), program);
  const { stdout, stderr } = await run(process.execPath, ['testing.js'], { cwd: folder, env });
  expect(stderr).toBe('');
  expect(stdout).toBe('[{"status":"completed","output":"It works."},43200000,1]\n');
});

it('has types for whoever compiles against it', async () => {
  const program = `
    import { defineWorkflow, openSquadra, SquadraError } from 'squadra';
    const double = defineWorkflow({ name: 'double', run: ({ input }: { input: number }) => input * 2 });
    await using squadra = await openSquadra({ workflows: [double] });
    const run = await squadra.submit(double, { input: 2 });
    const outcome = await run.result();
    if (outcome.status === 'completed') outcome.output satisfies number;
    // @ts-expect-error the output is a number, so the types did arrive
    if (outcome.status === 'completed') outcome.output satisfies string;
    new SquadraError('NOT_FOUND', 'gone').code satisfies string;`;
  writeFileSync(join(folder, 'typed.ts'), program);
  const compiler = [
    join(root, 'node_modules/typescript/bin/tsc'),
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
  ];
  const options = [
    '--lib',
    'es2024,esnext.disposable',
    '--types',
    'node',
    '--typeRoots',
    join(root, 'node_modules/@types'),
    '--pretty',
    'false',
  ];
  const compiling = run(process.execPath, [...compiler, ...options, 'typed.ts'], { cwd: folder, env });
  expect(await compiling.then(() => '', outputOf)).toBe('');
});

function squadra(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return run(join(folder, 'node_modules/.bin/squadra'), args, { cwd: folder, env, maxBuffer: 64 * 1024 * 1024 });
}

/** The build's own words are in its output, not in the error of the process. */
function withOutput(cause: unknown): never {
  throw new Error(`npm pack failed:\n${outputOf(cause)}`, { cause });
}

function outputOf(error: unknown): string {
  return error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
}

function isUnreachable(error: unknown): boolean {
  return /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED/.test(String(error));
}

/** What npm does, where there is no registry to ask: unpacks the package, and lends it the dependencies that it declares. */
async function installByHand(tarball: string): Promise<void> {
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', folder]);
  cpSync(join(folder, 'package'), installed, { recursive: true });
  symlinkSync('../squadra/bin/squadra.mjs', join(folder, 'node_modules/.bin/squadra'));
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
}
