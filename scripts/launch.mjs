/**
 * Runs a script of this clone under Node 24, whatever Node started it (20 or newer), installing first what is missing:
 *
 *     node scripts/launch.mjs <script> [arguments…]
 *
 * L1  Nothing is printed and nothing is installed when the dependencies of package.json are there.
 * L2  The script gets the arguments, the terminal and the working directory as they are.
 * L3  Signals reach the script, and its exit code is ours (128 + n when signal n ended it).
 * L4  What the sources become without their types is kept in node_modules/.cache, for this process and all that it starts:
 *     stripping them takes WebAssembly, and hundreds of threads that each compile it take seconds, and at times their process
 *     with them (https://github.com/nodejs/node/issues/64500). NODE_COMPILE_CACHE names another place.
 *
 * This file is JavaScript because it has to start where types cannot be stripped yet.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const neededMajor = 24;
const bundledNode = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** Runs `script` (a path below the clone's root) with `args`; returns when the script has been started or has ended. */
export async function launch(script, args) {
  if (somethingIsMissing()) install();
  const path = resolve(root, script);
  process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'squadra');
  if (isNewEnough()) {
    nodeModule.enableCompileCache(); // a process reads the variable only at its start
    process.argv.splice(1, process.argv.length - 1, path, ...args);
    await import(pathToFileURL(path).href);
    return;
  }
  if (!existsSync(bundledNode)) {
    fail(`Squadra needs Node ${neededMajor} or newer, this is ${process.version}, and the one that npm should have`, [
      'installed is not there. Allow its install script and try again:',
      '  npm rebuild node --ignore-scripts=false',
    ]);
  }
  runUnder(bundledNode, [path, ...args]);
}

function isNewEnough() {
  return Number.parseInt(process.versions.node, 10) >= neededMajor;
}

function somethingIsMissing() {
  if (!isNewEnough() && !existsSync(bundledNode)) return true;
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const wanted = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  return wanted.some(([name, version]) => installedVersion(name) !== version);
}

function installedVersion(name) {
  try {
    return JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version;
  } catch {
    return undefined; // not installed, or half installed: either way npm has to look
  }
}

function install() {
  const fresh = !existsSync(join(root, 'node_modules'));
  process.stderr.write('squadra: installing what is missing (npm, about half a minute, only this once)\n');
  // `ci` gives exactly the lock file; `install` keeps what is there, for whoever is just adding a dependency.
  const args = [fresh ? 'ci' : 'install', '--loglevel=error', '--no-audit', '--no-fund'];
  const npm = process.env.npm_execpath; // set when npm runs us: the same npm again, without a shell
  const done =
    npm !== undefined && /npm-cli\.[cm]?js$/.test(npm)
      ? spawnSync(process.execPath, [npm, ...args], { cwd: root, encoding: 'utf8' })
      : spawnSync('npm', args, { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' });
  if (done.status === 0) return;
  const output = [done.error?.message, done.stdout, done.stderr].filter(Boolean);
  fail(`npm ${args[0]} failed (exit ${done.status ?? done.signal})`, [
    ...output,
    'Run it by hand in the clone to see more.',
  ]);
}

function runUnder(node, args) {
  const child = spawn(node, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C and hang-up to the script as well; passing them on would deliver them twice.
      if (signal !== 'SIGTERM' && process.stdin.isTTY) return;
      child.kill(signal);
    });
  }
  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`, []));
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
  });
}

function fail(message, lines) {
  process.stderr.write([`squadra: ${message}`, ...lines, ''].join('\n'));
  process.exit(3);
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [script, ...args] = process.argv.slice(2);
  if (script === undefined) fail('usage: node scripts/launch.mjs <script> [arguments…]', []);
  await launch(script, args);
}
