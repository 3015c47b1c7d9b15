import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../scripts/fleet/free-port.ts';
import { ServerProcess } from '../../../scripts/fleet/server-process.ts';
import { readImage } from './image.ts';
import { buildImageFolder, bytesBelow } from './image-folder.ts';
import type { ImageFolder } from './image-folder.ts';

/**
 * What the packages take that a Debian cannot be without, with what the slim image leaves out of them: more than the 75 MB that
 * `docker images` shows for debian:bookworm-slim. From `dpkg-query` on Debian 12, over the packages of priority `required`.
 */
const baseBytes = 75_055 * 1024;
const folder = mkdtempSync(join(tmpdir(), 'squadra-image-'));
let image: ImageFolder;

beforeAll(async () => {
  image = await buildImageFolder(folder);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the image', () => {
  it('is smaller than 250 MB, its base included', () => {
    const added = bytesBelow(image.path);
    expect(added).toBeGreaterThan(100_000_000);
    expect(baseBytes + added).toBeLessThan(250_000_000);
  });

  it('has what runs and nothing else', () => {
    for (const path of [
      'app/dist/cli/main.js',
      'app/dist/dashboard/index.html',
      'app/node_modules/fastify',
      'app/LICENSE',
    ])
      expect([path, existsSync(join(image.path, path))]).toEqual([path, true]);
    for (const path of ['app/src', 'app/scripts', 'app/node_modules/vitest', 'app/node_modules/typescript', 'app/.git'])
      expect([path, existsSync(join(image.path, path))]).toEqual([path, false]);
  });

  it('runs as somebody without rights, whose folders the last step makes', () => {
    const text = readFileSync('deploy/docker/Dockerfile', 'utf8');
    expect(/^USER (.*)$/m.exec(text)?.[1]).toBe('10001:10001');
    expect(image.leftOut).toHaveLength(1);
    expect(image.leftOut[0]).toContain('install -d -o squadra -g squadra /var/lib/squadra /srv/squadra');
  });

  it('answers, takes a project of workflows, is well by its own health check, and ends by its own signal', async () => {
    const { entrypoint, command, stopSignal } = readImage('deploy/docker/Dockerfile');
    const project = join(folder, 'project');
    mkdirSync(project);
    const workflow = `import { defineWorkflow } from 'squadra'; import { z } from 'zod';
      export const own = defineWorkflow({ name: 'own', input: z.object({ n: z.number() }), run: async ({ input, step }) => step.run('a', () => input.n + 1) });`;
    writeFileSync(join(project, 'own.ts'), workflow);
    writeFileSync(join(project, 'squadra.yaml'), 'workflows: [./own.ts]\n');
    const port = await freePort();
    const [program = '', ...words] = [...entrypoint, ...command].map((word) =>
      word.startsWith('/') ? join(image.path, word) : word,
    );
    const environment = {
      PATH: process.env['PATH'],
      SQUADRA_PORT: String(port),
      SQUADRA_STATE_DIR: join(folder, 'state'),
      NODE_ENV: 'production',
    };
    const server = new ServerProcess('squadra', { command: program, args: words, cwd: project, env: environment });
    const health = async (): Promise<number> => {
      const check = spawn(program, [join(image.path, 'app/health.mjs')], { env: environment, stdio: 'ignore' });
      const [code] = (await once(check, 'exit')) as [number];
      return code;
    };
    expect(await health()).toBe(1);
    server.start();
    try {
      await server.ready(async () => (await health()) === 0);
      const url = `http://127.0.0.1:${port}`;
      expect((await fetch(`${url}/`)).status).toBe(200);
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ workflow: 'own', input: { n: 41 } });
      const { id } = (await (await fetch(`${url}/api/v1/executions`, { method: 'POST', headers, body })).json()) as {
        readonly id: string;
      };
      await (await fetch(`${url}/api/v1/executions/${id}/events`)).text();
      expect(await (await fetch(`${url}/api/v1/executions/${id}`)).json()).toMatchObject({
        status: 'completed',
        output: 42,
      });
    } finally {
      await server.end(stopSignal);
    }
    await server.ended();
  });
});
