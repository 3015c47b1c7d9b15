import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { newFolder, RunningCommand, squadra, squadraJson } from './command-line.ts';
import { project } from './workflows.ts';

const anyPort = ['serve', '--port', '0'];

/** Where a server listens, once it says so. */
async function listening(server: RunningCommand): Promise<string> {
  const [url] = await server.until(/http:\/\/127\.0\.0\.1:\d+/);
  return url;
}

it('says where it listens, where its state lives and what to paste, and the pasted line works', async () => {
  const folder = newFolder();
  const server = new RunningCommand(folder, anyPort);
  const url = await listening(server);
  const [, body] = await server.until(/curl .*executions \\\n[^\n]*\\\n +-d '(.*)'/);
  const answer = await fetch(`${url}/api/v1/executions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: String(body),
  });
  expect(answer.status).toBe(202);
  server.kill('SIGTERM');
  const { code, stdout, stderr } = await server.ended;
  expect(code).toBe(0);
  expect(stdout).toContain(join(realpathSync(folder), '.squadra'));
  expect(stdout).toContain(`${url}/docs`);
  expect(stderr).toContain('Stopping');
});

it('serves the workflows of squadra.yaml, and goes on after a kill with what it had accepted', async () => {
  const folder = newFolder(project);
  const first = new RunningCommand(folder, [...anyPort, '--json']);
  const url = await listening(first);
  const body = JSON.stringify({ workflow: 'gate', input: {} });
  const accepted = await fetch(`${url}/api/v1/executions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const { id } = (await accepted.json()) as { id: string };
  first.kill('SIGKILL');
  await first.ended;
  const second = new RunningCommand(folder, anyPort);
  await listening(second);
  await squadra(folder, ['signal', id, 'go']);
  const { status } = await squadraJson(folder, 'show', id);
  expect(['running', 'waiting', 'completed']).toContain(status);
});

it('refuses a second server on the same state, naming the first', async () => {
  const folder = newFolder();
  const first = new RunningCommand(folder, anyPort);
  await listening(first);
  const second = await squadra(folder, anyPort);
  expect(second).toMatchObject({ code: 3, stderr: expect.stringContaining(String(first.pid)) });
});

it('says what to do when something else listens there, and where it cannot listen', async () => {
  const folder = newFolder();
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  const taken = await squadra(folder, ['serve', '--port', String(port)]);
  expect(taken).toMatchObject({ code: 3, stderr: expect.stringMatching(/ADDRESS_IN_USE[\s\S]*another port/) });
  expect(await squadra(folder, ['serve', '--port', 'http'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--port is 'http'; give a whole number"),
  });
});

it('is one JSON document for a program that starts it', async () => {
  const folder = newFolder();
  const server = new RunningCommand(folder, [...anyPort, '--json']);
  const url = await listening(server);
  server.kill('SIGINT');
  const { code, stdout, stderr } = await server.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ url, pid: server.pid, access: 'open' });
});
