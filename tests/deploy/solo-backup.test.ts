import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../scripts/fleet/free-port.ts';
import { ServerProcess } from '../../scripts/fleet/server-process.ts';
import { root } from '../repo/repo-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'squadra-backup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const steps = ['a', 'b', 'c', 'd', 'e', 'f'];
const effects = join(folder, 'effects');
const workflows = `
import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { defineWorkflow } from 'squadra';
export const slow = defineWorkflow({ name: 'slow', async run({ step, execution }) {
  for (const name of ${JSON.stringify(steps)})
    await step.run(name, async () => { await pause(150); appendFileSync(${JSON.stringify(effects)}, execution.id + ' ' + name + '\\n'); });
  await step.sleep('rest', '1s');
  return 'done';
} });
`;

it('is taken from a process that works, and what it holds goes on where it is restored', async () => {
  writeFileSync(join(folder, 'workflows.ts'), workflows);
  writeFileSync(join(folder, 'squadra.yaml'), 'workflows: [./workflows.ts]\n');
  const before = await serve('state');
  const ids: string[] = [];
  let isOver = false;
  const load = (async () => {
    while (!isOver) {
      ids.push(await submit(before.url));
      await pause(10);
    }
  })();
  await until(() => lines().length > 100);

  // One that is cut off is no backup, and does not stand in the way of the next.
  const cut = backup('state', 'cut');
  await until(() => existsSync(join(folder, 'cut.unfinished')));
  cut.kill('SIGKILL');
  await once(cut, 'exit');
  expect(existsSync(join(folder, 'cut'))).toBe(false);
  const accepted = [...ids];
  expect(await exitCode(backup('state', 'cut'))).toBe(0);
  expect(await exitCode(backup('state', 'cut'))).toBe(1);

  isOver = true;
  await load;
  await before.server.end('SIGKILL');
  cpSync(join(folder, 'cut'), join(folder, 'restored'), { recursive: true });
  writeFileSync(effects, '');
  const after = await serve('restored');
  const found = new Map<string, readonly string[]>();
  for (const id of accepted) {
    const read = await until(async () => {
      const { status, steps: done } = await get(`${after.url}/api/v1/executions/${id}`);
      return status === 'completed' ? done : null;
    });
    found.set(id, read);
  }
  expect(accepted.length).toBeGreaterThan(10);
  // Each has every step once; those that were committed in the backup did not run again.
  for (const [id, done] of found) expect([id, done.filter((key) => steps.includes(key))]).toEqual([id, steps]);
  expect(lines().length).toBeLessThan(accepted.length * steps.length);
  expect(new Set(lines()).size).toBe(lines().length);
  await after.server.end('SIGTERM');
});

async function serve(name: string): Promise<{ readonly url: string; readonly server: ServerProcess }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { PATH: process.env['PATH'], SQUADRA_PORT: String(port), SQUADRA_STATE_DIR: join(folder, name) };
  const args = [join(root, 'src/cli/main.ts'), 'serve', '--quiet'];
  const server = new ServerProcess('squadra', { command: process.execPath, args, cwd: folder, env });
  onTestFinished(() => server.end('SIGKILL'));
  server.start();
  await server.ready(() =>
    fetch(`${url}/ready`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return { url, server };
}

function backup(from: string, to: string): ChildProcess {
  const program = join(root, 'deploy/solo/backup.mjs');
  return spawn(process.execPath, [program, join(folder, from), join(folder, to)], { stdio: 'ignore' });
}

async function exitCode(child: ChildProcess): Promise<number> {
  const [code] = (await once(child, 'exit')) as [number];
  return code;
}

async function submit(url: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ workflow: 'slow', input: {} });
  const answer = await fetch(`${url}/api/v1/executions`, { method: 'POST', headers, body });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as { readonly id: string }).id;
}

async function get(url: string): Promise<{ readonly status: string; readonly steps: readonly string[] }> {
  const found = (await (await fetch(url)).json()) as {
    readonly status: string;
    readonly steps: readonly { readonly key: string }[];
  };
  return { status: found.status, steps: found.steps.map(({ key }) => key) };
}

function lines(): string[] {
  return existsSync(effects) ? readFileSync(effects, 'utf8').split('\n').filter(Boolean) : [];
}

async function until<T>(look: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    await pause(5);
  }
}
