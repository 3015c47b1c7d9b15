import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fleet } from '../../scripts/fleet/fleet.ts';
import { RunningCommand, squadra } from '../cli/command-line.ts';
import type { Ended } from '../cli/command-line.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'squadra-fleet-commands-'));
let fleet: Fleet;

const workflows = `
import { setTimeout as pause } from 'node:timers/promises';
import { defineWorkflow } from ${JSON.stringify(join(root, 'src/index.ts'))};
export const held = defineWorkflow({ name: 'held', async run({ step }) {
  await step.run('hold', ({ signal }) => pause(60_000, undefined, { signal }));
} });
export const heard = defineWorkflow({ name: 'heard', run: ({ step }) => step.waitFor('go') });
`;

beforeAll(async () => {
  writeFileSync(join(folder, 'workflows.ts'), workflows);
  writeFileSync(join(folder, 'squadra.yaml'), 'workflows: [./workflows.ts]\n');
  fleet = await Fleet.start({ folder, apis: 1, workers: 1, isDurable: false, poolSize: 4 });
});

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** A command of somebody who has the settings of the fleet, and is no part of it. */
function command(...args: readonly string[]): Promise<Ended> {
  return squadra(folder, args, { env: fleet.environment });
}

async function told(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await command(...args, '--json');
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('a command with the settings of a fleet', () => {
  it('hands its work to the fleet, and watches it', async () => {
    const demo = await command('demo', '--fast');
    expect(demo.stderr).toContain('does the work; this process watches it');
    expect(demo).toMatchObject({ code: 0, stdout: expect.stringContaining('The verdict') });
    // Whoever registered itself would get the work from then on, and be gone.
    const answer = await fetch(`${fleet.restate.adminUrls[0]}/deployments`);
    expect(((await answer.json()) as { deployments: unknown[] }).deployments).toHaveLength(1);
    const { items } = await told('list');
    expect(items).toMatchObject([{ workflow: 'pipeline', status: 'completed' }]);
  });

  it('shows how everything stands, and takes no folder for it', async () => {
    const status = await command('status', '--once');
    expect(status.stdout).toMatch(/State +postgres:\/\/127\.0\.0\.1:\d+\/\w+, tenant local\n/);
    expect(status.stdout).toMatch(/Run by +a fleet\n/);
    expect(status.stdout).not.toContain('nobody');
    expect(await command('patrol', '--quiet')).toMatchObject({ code: 0 });
    expect((await command('costs')).code).toBe(0);
  });

  it('changes what runs in another process', async () => {
    const running = new RunningCommand(folder, ['run', '--workflow', 'held', '--input', '{}'], {
      env: fleet.environment,
    });
    const list = async () => (await told('list', '--workflow', 'held'))['items'] as { id: string; status: string }[];
    await expect.poll(list, { timeout: 20_000 }).toMatchObject([{ status: 'running' }]);
    const id = (await list())[0]?.id ?? '';
    expect(await told('cancel', id, '--reason', 'by hand')).toMatchObject({ id, status: 'cancelled' });
    expect(await running.ended).toMatchObject({ code: 1, stderr: expect.stringContaining('Cancelled: by hand') });
  });

  it('tells a run what it waits for', async () => {
    const running = new RunningCommand(folder, ['run', '--workflow', 'heard', '--input', '{}'], {
      env: fleet.environment,
    });
    await running.until(/waits/);
    const { items } = (await told('list', '--workflow', 'heard')) as { items: { id: string }[] };
    await told('signal', items[0]?.id ?? '', 'go', '{"how":"far"}');
    expect(await running.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('"how": "far"') });
  });

  it('makes a key that every process knows at once', async () => {
    const made = await told('keys', 'create', '--name', 'first', '--scopes', 'admin');
    const ask = (key: string): Promise<Response> =>
      fetch(`${fleet.url}/api/v1/executions`, { headers: { authorization: `Bearer ${key}` } });
    expect((await ask(String(made['key']))).status).toBe(200);
    await told('keys', 'revoke', String(made['id']));
    await expect.poll(async () => (await ask(String(made['key']))).status, { timeout: 10_000 }).toBe(401);
  });

  it('examines the database, the engine and who works', async () => {
    const doctor = await command('doctor');
    expect(doctor.stdout).toMatch(/ok {2}database +postgres:.*PostgreSQL 1\d\.\d+, .* MiB, version \d+\n/);
    expect(doctor.stdout).toMatch(/ok {2}engine +restate\n +http:.* answers\n/);
    expect(doctor.stdout).toMatch(/ok {2}workers +http:.* gets new work\n/);
    expect(doctor.code).toBe(0);
    const nowhere = { ...fleet.environment, DATABASE_URL: 'postgres://127.0.0.1:1/none' };
    const lost = await squadra(folder, ['doctor'], { env: nowhere });
    expect(lost).toMatchObject({ code: 1, stdout: expect.stringMatching(/BAD database .*STORE_UNAVAILABLE/) });
    const empty = await squadra(folder, ['list'], { env: nowhere });
    expect(empty).toMatchObject({ code: 3, stderr: expect.stringContaining('STORE_UNAVAILABLE') });
  });
});
