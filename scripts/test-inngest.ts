/**
 * `npm run test:inngest`: the engine suite on a real Inngest, over both ways to its workers. Exits 3 where there is none to run it on.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findInngest } from './fleet/inngest-place.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

if (findInngest(process.env) === null) {
  process.stderr.write(
    [
      'squadra: there is no Inngest to test on. What is missing is one of these:',
      '  INNGEST_BASE_URL: where an Inngest of your own or a dev server is, with INNGEST_EVENT_KEY and INNGEST_SIGNING_KEY',
      '  where it asks for them: INNGEST_BASE_URL=http://localhost:8288 npm run test:inngest',
      '  an executable `inngest` on PATH (https://www.inngest.com/docs/local-development): it is started on free ports',
      'Without one `npm test` drives the same SDK by an executor of its own (tests/engines/inngest).',
      '',
    ].join('\n'),
  );
  process.exitCode = 3;
} else {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'inngest-server', ...process.argv.slice(2)];
  const child = spawn(process.execPath, vitest, { cwd: root, stdio: 'inherit' });
  child.on('exit', (code) => (process.exitCode = code ?? 1));
}
