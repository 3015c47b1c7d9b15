import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maxFileBytes } from '../../../src/agents/tools/workspace/workspace-tools.ts';
import { createClient } from '../../../src/client.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { describedAsk } from '../../support/answer-schema.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';

const unknownId = '00000000-0000-7000-8000-000000000000';
const echo = defineWorkflow({ name: 'echo', run: ({ input, step }) => step.run('echo', () => input) });
const arabic = 'خطة "أولى".md';

let server: TestServer;
let ask: TestServer['ask'];
let id: string;
beforeAll(async () => {
  server = await openTestServer({ workflows: [echo] });
  ask = await describedAsk(server);
  id = (await server.assembly.squadra.submit('echo', { input: 1 })).id;
  const root = join(server.assembly.settings.stateDir, 'out');
  const folder = join(root, id);
  mkdirSync(join(folder, 'src'), { recursive: true });
  writeFileSync(join(root, 'secret.txt'), 'secret');
  writeFileSync(join(folder, 'plan.md'), '# Plan\n<script>alert(1)</script>');
  writeFileSync(join(folder, 'src', 'app.html'), '<b>no page</b>');
  writeFileSync(join(folder, 'picture'), Buffer.from([0, 1, 2, 255]));
  writeFileSync(join(folder, 'خطة.md'), 'أهلا');
  writeFileSync(join(folder, 'large.txt'), Buffer.alloc(maxFileBytes + 1, 'x'));
  symlinkSync(join(root, 'secret.txt'), join(folder, 'link.txt'));
  symlinkSync(root, join(folder, 'out'));
  linkSync(join(root, 'secret.txt'), join(folder, 'twin.txt'));
});
afterAll(() => server[Symbol.asyncDispose]());

const fileAt = (path: string, of = id) => `/executions/${of}/files/${encodeURIComponent(path)}`;

describe('GET /executions/{id}/files', () => {
  it('lists files by path with their sizes, and no folders and links', async () => {
    const { status, body } = await ask(`/executions/${id}/files`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ hasMore: false });
    expect(body).toHaveProperty(
      'items',
      expect.arrayContaining([
        { path: 'plan.md', bytes: 32 },
        { path: 'src/app.html', bytes: 14 },
      ]),
    );
    const { items } = body as { readonly items: readonly { readonly path: string }[] };
    expect(items.map(({ path }) => path).filter((path) => /^(?:link|out|src$)/.test(path))).toEqual([]);
  });

  it('is empty where nobody wrote anything, and 404 where there is no execution', async () => {
    const { id: other } = await server.assembly.squadra.submit('echo', { input: 1 });
    expect(await ask(`/executions/${other}/files`)).toMatchObject({ status: 200, body: { items: [], hasMore: false } });
    expect(await ask(`/executions/${unknownId}/files`)).toMatchObject({ status: 404 });
  });
});

describe('GET /executions/{id}/files/{path}', () => {
  it.each([
    ['plan.md', 'text/plain; charset=utf-8', '# Plan\n<script>alert(1)</script>', 'plan.md'],
    ['src/app.html', 'text/plain; charset=utf-8', '<b>no page</b>', 'app.html'],
    ['خطة.md', 'text/plain; charset=utf-8', 'أهلا', '%D8%AE%D8%B7%D8%A9.md'],
  ])('gives %s to be kept, and never as a page', async (path, type, text, name) => {
    const answer = await ask(fileAt(path));
    expect(answer).toMatchObject({ status: 200, text });
    expect(answer.headers.get('content-type')).toBe(type);
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; /);
    expect(answer.headers.get('content-disposition')).toContain(`filename*=UTF-8''${name}`);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('gives what is no text as bytes', async () => {
    const file = await createClient({ url: server.url }).executions.file(id, 'picture');
    expect(file.headers.get('content-type')).toBe('application/octet-stream');
    expect([...new Uint8Array(await file.arrayBuffer())]).toEqual([0, 1, 2, 255]);
  });

  it.each([
    ['of another execution', '../secret.txt'],
    ['by an absolute path', '/etc/passwd'],
    ['through a link', 'link.txt'],
    ['through a linked folder', 'out/secret.txt'],
    ['with another name elsewhere', 'twin.txt'],
    ['that is a folder', 'src'],
    ['that is the workspace', '.'],
    ['that is too large', 'large.txt'],
    ['that is not there', 'nothing.md'],
    ['with a name that no file has', 'a\0b'],
    ['of Windows', '..\\secret.txt'],
  ])('knows no file %s', async (_, path) => {
    const answer = await ask(fileAt(path));
    expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect(answer.text).not.toContain('secret\n');
    expect(await ask(fileAt(path, unknownId))).toMatchObject({ status: 404 });
  });

  it('keeps to a name that clients of ASCII can read', async () => {
    writeFileSync(join(server.assembly.settings.stateDir, 'out', id, arabic.replaceAll('"', "'")), '1');
    const { headers } = await ask(fileAt(arabic.replaceAll('"', "'")));
    expect(headers.get('content-disposition')).toMatch(/^attachment; filename="[\w .-]+"; filename\*=UTF-8''[\w%.-]+$/);
  });

  it('lists them for the client too', async () => {
    const { items } = await createClient({ url: server.url }).executions.files(id);
    expect(items).toContainEqual({ path: 'plan.md', bytes: 32 });
  });
});
