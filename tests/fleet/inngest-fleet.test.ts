import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/kernel/clock.ts';
import { newFolder, RunningCommand, squadra } from '../cli/command-line.ts';
import { InngestServer } from '../engines/inngest/inngest-server.ts';
import { testKeys } from '../engines/inngest/stage-inngest.ts';
import { ownDatabase } from '../support/postgres-database.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Each step notes outside, in a file, who ran it. */
const workflows = (effects: string): string => `
import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { defineWorkflow } from ${JSON.stringify(join(root, 'src/index.ts'))};
const note = (name) => appendFileSync(${JSON.stringify(effects)}, name + ' ' + process.pid + '\\n');
export const journey = defineWorkflow({ name: 'journey', async run({ step }) {
  await step.run('first', () => note('first'));
  await step.sleep('nap', '300ms');
  const heard = await step.waitFor('go');
  await step.run('slow', async ({ signal }) => { note('slow'); await pause(heard.payload, undefined, { signal }); note('slow-end'); });
  return 'arrived';
} });
`;

/** What stands in the file, by line. */
function noted(path: string): { readonly name: string; readonly pid: number }[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.flatMap((line) => {
    const [name = '', pid] = line.split(' ');
    return name === '' ? [] : [{ name, pid: Number(pid) }];
  });
}

async function until<T>(read: () => T | Promise<T>, isThere: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (isThere(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe.each(['connect', 'serve'] as const)('a fleet on Inngest, whose workers %s', (transport) => {
  it('takes work at an api process, sleeps, hears signals, and goes on where a worker was killed', async () => {
    const folder = newFolder();
    const effects = join(folder, 'effects');
    const file = (name: string, text: string) => appendFileSync(join(folder, name), text);
    file('effects', '');
    file('workflows.ts', workflows(effects));
    file('squadra.yaml', 'workflows: [./workflows.ts]\n');
    await using database = await ownDatabase();
    const options = { ...testKeys, clockOf: () => systemClock, retryMs: 100, givesUp: true };
    await using inngest = await InngestServer.start(options);
    const env = {
      SQUADRA_ENGINE: 'inngest',
      SQUADRA_INNGEST_TRANSPORT: transport,
      SQUADRA_WORKER_PORT: '0',
      SQUADRA_PORT: '0',
      DATABASE_URL: database.url,
      INNGEST_BASE_URL: inngest.url,
      INNGEST_EVENT_KEY: testKeys.eventKey,
      INNGEST_SIGNING_KEY: testKeys.signingKey,
    };
    const start = async (role: string): Promise<{ readonly process: RunningCommand; readonly url: string }> => {
      const process = new RunningCommand(folder, ['serve', '--role', role], { env });
      const [, url = ''] = await process.until(/(http:\/\/127\.0\.0\.1:\d+)/);
      return { process, url };
    };
    const api = await start('api');
    const first = await start('worker');
    const ask = async (path: string, body?: unknown): Promise<Record<string, unknown>> => {
      const answer = await fetch(`${api.url}/api/v1${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      });
      return (await answer.json()) as Record<string, unknown>;
    };

    // Inngest starts nothing for an event that no worker has ever told it of.
    await until(
      () => inngest.executor.functions,
      (known) => known.length === 2,
    );
    const { id } = await ask('/executions', { workflow: 'journey', input: {} });
    await until(
      () => ask(`/executions/${String(id)}`),
      ({ status }) => status === 'waiting',
    );
    await ask(`/executions/${String(id)}/signals/go`, 60_000);
    await until(
      () => noted(effects),
      (all) => all.some(({ name }) => name === 'slow'),
    );
    const second = await start('worker');
    first.process.kill('SIGKILL');
    await first.process.ended;
    await until(
      () => noted(effects),
      (all) => all.filter(({ name }) => name === 'slow').length === 2,
    );
    const all = noted(effects);
    // What was committed did not run again; what was in flight did, elsewhere.
    expect(all.map(({ name }) => name)).toEqual(['first', 'slow', 'slow']);
    expect(all.map(({ pid }) => pid)).toEqual([first.process.pid, first.process.pid, second.process.pid]);

    const doctor = await squadra(folder, ['doctor'], { env });
    expect(doctor.stdout).toMatch(new RegExp(`engine .*inngest[\\s\\S]*${inngest.url}\\S* answers`));
    const metrics = await (await fetch(`${api.url}/metrics`)).text();
    expect(metrics).toMatch(/^squadra_engine_reachable 1$/m);

    await ask(`/executions/${String(id)}/cancel`, {});
    const { id: quick } = await ask('/executions', { workflow: 'journey', input: {} });
    await ask(`/executions/${String(quick)}/signals/go`, 1);
    const done = await until(
      () => ask(`/executions/${String(quick)}`),
      ({ status }) => status === 'completed',
    );
    expect(done['output']).toBe('arrived');
    expect(inngest.executor.runs[0]?.event.data).toMatchObject({ executionId: id, squadId: null, tenantId: 'local' });
    for (const { process } of [second, api]) process.kill('SIGTERM');
    expect([(await second.process.ended).code, (await api.process.ended).code]).toEqual([0, 0]);
  });
});

it('a fleet on Inngest whose keys are missing refuses to start, and says what is missing', async () => {
  const env = { SQUADRA_ENGINE: 'inngest', DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
  const { code, stderr } = await squadra(newFolder(), ['serve'], { env });
  expect(code).toBe(3);
  expect(stderr).toMatch(/INNGEST_EVENT_KEY[\s\S]*INNGEST_SIGNING_KEY/);
});

it('a worker that cannot reach Inngest stops when it is told to', async () => {
  await using database = await ownDatabase();
  const env = {
    SQUADRA_ENGINE: 'inngest',
    SQUADRA_PORT: '0',
    DATABASE_URL: database.url,
    INNGEST_DEV: 'http://127.0.0.1:9',
  };
  const worker = new RunningCommand(newFolder(), ['serve', '--role', 'worker'], { env });
  await worker.until(/http:\/\/127\.0\.0\.1:\d+/);
  worker.kill('SIGTERM');
  expect((await worker.ended).code).toBe(0);
});
