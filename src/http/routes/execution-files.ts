import type { FastifyInstance } from 'fastify';
import { route } from '../route.ts';
import { fileContent, fileParams, filesSchema } from '../schemas/execution-file.ts';
import { idParams } from '../schemas/id.ts';

const tag = 'executions';

/** The files that the members of an execution wrote. */
export function executionFileRoutes(app: FastifyInstance): void {
  route(app, {
    method: 'GET',
    url: '/executions/:id/files',
    operationId: 'listFiles',
    summary: 'The files that the members of an execution have written so far',
    description: 'By path; a thousand at most.',
    tag,
    scope: 'read',
    params: idParams,
    answers: { 200: filesSchema },
    handle: async ({ params, squadra }) => {
      const { files, hasMore } = await squadra.files.list(params.id);
      return { items: files, hasMore };
    },
  });
  route(app, {
    method: 'GET',
    url: '/executions/:id/files/:path',
    operationId: 'readFile',
    summary: 'One of them, to be kept',
    description:
      'Text in UTF-8 is `text/plain`, all else `application/octet-stream`, whatever its name says; browsers keep it and show it nowhere.',
    tag,
    scope: 'read',
    params: fileParams,
    answers: { 200: fileContent },
    contentTypes: ['text/plain', 'application/octet-stream'],
    handle: async ({ params: { id, path }, squadra, reply }) => {
      const content = await squadra.files.read(id, path);
      return reply
        .headers({ 'content-disposition': disposition(path), 'cache-control': 'no-cache' })
        .type(isText(content) ? 'text/plain; charset=utf-8' : 'application/octet-stream')
        .send(content);
    },
  });
}

/** A name in ASCII for who knows no other, and the real one (RFC 6266, RFC 8187). */
function disposition(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const plain = name.replaceAll(/[^\w .-]/g, '_');
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

function isText(content: Buffer): boolean {
  if (content.includes(0)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(content);
    return true;
  } catch {
    return false;
  }
}
