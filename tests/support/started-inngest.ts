import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { freePort } from '../../scripts/fleet/free-port.ts';
import { findInngest } from '../../scripts/fleet/inngest-place.ts';
import { ServerProcess } from '../../scripts/fleet/server-process.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A real Inngest; without keys it is a dev server. */
    readonly inngest: { readonly url: string; readonly eventKey: string | null; readonly signingKey: string | null };
  }
}

/** A real Inngest for the tests of the project: the one that runs, or a dev server from the binary. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  // The configuration of the tests has put the settings of the environment away under these names.
  const found = findInngest({
    PATH: process.env['PATH'],
    INNGEST_BASE_URL: process.env['TEST_INNGEST_URL'],
    INNGEST_EVENT_KEY: process.env['TEST_INNGEST_EVENT_KEY'],
    INNGEST_SIGNING_KEY: process.env['TEST_INNGEST_SIGNING_KEY'],
  });
  if (found === null) throw new Error('There is no Inngest to test on; `npm run test:inngest` says what is missing.');
  if (found.kind === 'running') {
    project.provide('inngest', { url: found.url, eventKey: found.eventKey, signingKey: found.signingKey });
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'squadra-inngest-'));
  // It takes others, without a word, where one of its usual ones is taken.
  const flags = ['--port', '--connect-gateway-port', '--connect-gateway-grpc-port', '--connect-executor-grpc-port'];
  const ports = await Promise.all(flags.map(async (flag) => [flag, String(await freePort())] as const));
  const url = `http://127.0.0.1:${ports[0]?.[1]}`;
  const server = new ServerProcess('inngest', {
    command: found.path,
    args: ['dev', '--host', '127.0.0.1', '--no-discovery', '--no-poll', ...ports.flat()],
    cwd: folder,
  });
  server.start();
  await server.ready(async () => {
    const answer = await fetch(`${url}/health`).catch(() => null);
    return answer?.ok === true;
  });
  project.provide('inngest', { url, eventKey: null, signingKey: null });
  return async () => {
    await server.end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
}
