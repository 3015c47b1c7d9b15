/**
 * `npm run check`: everything that can be said about the code without running it. One line per stage; the first stage
 * that fails ends the run with its output. Behaviour is the matter of `npm test`.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

interface Stage {
  readonly name: string;
  /** A JavaScript file of the installed tools, run by the present Node. */
  readonly script: string;
  readonly args: readonly string[];
}

const stages: readonly Stage[] = [
  { name: 'format', script: 'node_modules/oxfmt/bin/oxfmt', args: ['--check'] },
  { name: 'lint', script: 'node_modules/oxlint/bin/oxlint', args: ['--deny-warnings'] },
  { name: 'types', script: 'node_modules/typescript/bin/tsc', args: ['--noEmit'] },
  { name: 'types of the dashboard', script: 'node_modules/typescript/bin/tsc', args: ['--project', 'dashboard'] },
  { name: 'dead exports, files and dependencies', script: 'node_modules/knip/bin/knip.js', args: ['--no-progress'] },
  { name: 'layers', script: 'node_modules/vitest/vitest.mjs', args: ['run', 'tests/repo/layers.test.ts'] },
  { name: 'docs', script: 'node_modules/vitest/vitest.mjs', args: ['run', 'tests/repo/docs.test.ts'] },
];

const root = fileURLToPath(new URL('..', import.meta.url));

for (const stage of stages) {
  const startedAt = performance.now();
  const { code, output } = await run(stage);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${code === 0 ? 'ok    ' : 'failed'} ${stage.name} (${seconds} s)\n`);
  if (code !== 0) {
    process.stdout.write(`\n${output}\n`);
    process.exitCode = 1;
    break;
  }
}

function run(stage: Stage): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [stage.script, ...stage.args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }));
  });
}
