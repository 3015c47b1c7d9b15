import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pageAddress } from '../dashboard/dashboard-files.ts';
import type { DashboardFile, DashboardFiles } from '../dashboard/dashboard-files.ts';

/** What the page may do: load what this server gives out, ask this server, and nothing else. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join(';');

/** The addresses that the page draws itself; what follows them is for the page to know. */
const pages = ['executions', 'convoys', 'squads', 'costs', 'system'];
const forEver = 'public, max-age=31536000, immutable';

/** The dashboard, for everybody: it holds nothing but what asks for things, and has to be there to sign in. */
export function dashboardRoutes(app: FastifyInstance, files: DashboardFiles): void {
  const page = files.get(pageAddress);
  if (page === undefined) throw new Error('Unreachable: a dashboard that was read has a page.');
  const give = (url: string, handler: (request: FastifyRequest, reply: FastifyReply) => unknown): void =>
    void app.get(url, { config: { scope: 'open' }, schema: { hide: true }, handler });
  for (const url of ['/', ...pages.flatMap((name) => [`/${name}`, `/${name}/*`])])
    give(url, (request, reply) => send(request, reply, page));
  give('/dashboard', (_request, reply) => reply.redirect('/', 302));
  for (const [address, file] of files)
    if (address !== pageAddress) give(address, (request, reply) => send(request, reply, file));
}

function send(request: FastifyRequest, reply: FastifyReply, file: DashboardFile): FastifyReply {
  const { etag, type, isHashed, encoded, plain } = file;
  reply.headers({
    'content-security-policy': policy,
    'cache-control': isHashed ? forEver : 'no-cache',
    vary: 'accept-encoding',
    etag,
  });
  if (request.headers['if-none-match']?.split(/, */).some((known) => known === '*' || known.endsWith(etag)) === true)
    return reply.code(304).send();
  reply.type(type);
  const accepted = acceptedEncodings(request.headers['accept-encoding']);
  for (const [name, body] of encoded) {
    if (accepted.has(name)) return reply.header('content-encoding', name).send(body);
  }
  return reply.send(plain);
}

/** What a client takes by name; what it refuses with `q=0` it does not take. */
function acceptedEncodings(header: string | readonly string[] | undefined): ReadonlySet<string> {
  const listed = String(header ?? '').split(',');
  return new Set(
    listed
      .filter((one) => !/;\s*q=0(\.0*)?\s*$/i.test(one))
      .map((one) => one.split(';')[0]?.trim().toLowerCase() ?? ''),
  );
}
