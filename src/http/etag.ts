import type { FastifyReply, FastifyRequest } from 'fastify';
import { SquadraError } from '../kernel/errors.ts';

/**
 * Conditional requests of RFC 9110, section 13. The entity tag of a thing is its version in quotes, and a strong one.
 *
 * `If-Match` takes a tag, a list of tags, or `*` for whatever is there. A weak tag never matches, as the RFC says; a tag that is
 * no version is malformed, because no thing here ever had it.
 */
export type Condition =
  | { readonly kind: 'any' }
  | { readonly kind: 'versions'; readonly versions: ReadonlySet<string> };

interface EntityTag {
  readonly isWeak: boolean;
  readonly value: string;
}

/** Versions have 16 digits at most; a header of one tag or of a few is all that anybody sends. */
const maxTags = 100;
const entityTag = /^(?<weak>W\/)?"(?<value>[\u0021\u0023-\u007e\u0080-\u00ff]*)"$/;

export function etagOf(version: number): string {
  return `"${version}"`;
}

/** What the sender wants to be so; null without the header. Throws `INVALID_INPUT` for a malformed one. */
export function readIfMatch({ headers }: FastifyRequest): Condition | null {
  const header = headers['if-match'];
  if (header === undefined) return null;
  if (header.trim() === '*') return { kind: 'any' };
  const tags = parseTags(header);
  if (tags === null || tags.some(({ value }) => !/^\d{1,16}$/.test(value))) throw malformed();
  return { kind: 'versions', versions: new Set(tags.filter(({ isWeak }) => !isWeak).map(({ value }) => value)) };
}

/** The same, where changing a thing unseen is refused: throws `PRECONDITION_REQUIRED` without the header. */
export function requireIfMatch(request: FastifyRequest): Condition {
  const condition = readIfMatch(request);
  if (condition !== null) return condition;
  throw new SquadraError('PRECONDITION_REQUIRED', 'A change names the version it is of, in the header If-Match.');
}

/** Throws `STALE_VERSION` with `currentVersion` when the thing is at another version than the sender wants it to be. */
export function checkCondition(condition: Condition | null, currentVersion: number, what: string): void {
  if (condition === null || condition.kind === 'any' || condition.versions.has(String(currentVersion))) return;
  const message = `The ${what} is at version ${currentVersion} by now; read it again and apply the change to that.`;
  throw new SquadraError('STALE_VERSION', message, { details: { currentVersion } });
}

/** Answers with a versioned thing and its tag; with 304 and nothing when the asker says that it has this version. */
export function sendVersioned(
  request: FastifyRequest,
  reply: FastifyReply,
  thing: { readonly version: number },
): FastifyReply {
  return sendTagged(request, reply, thing.version, thing);
}

/** The same for an answer that changes with the version of something else, such as a list of what belongs to it. */
export function sendTagged(
  request: FastifyRequest,
  reply: FastifyReply,
  version: number,
  answer: object,
): FastifyReply {
  reply.header('etag', etagOf(version));
  return hasVersion(request, version) ? reply.code(304).send() : reply.send(answer);
}

/** Compared weakly, as the RFC says. A malformed `If-None-Match` gets the whole answer: nothing is lost by it. */
function hasVersion({ headers }: FastifyRequest, version: number): boolean {
  const header = headers['if-none-match'];
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return parseTags(header)?.some(({ value }) => value === String(version)) ?? false;
}

/** Null when it is not a list of entity tags. A tag of ours has no comma, so that commas are what separates them. */
function parseTags(header: string): readonly EntityTag[] | null {
  const parts = header
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0 || parts.length > maxTags) return null;
  const tags: EntityTag[] = [];
  for (const part of parts) {
    const groups = entityTag.exec(part)?.groups;
    if (groups?.value === undefined) return null;
    tags.push({ isWeak: groups.weak !== undefined, value: groups.value });
  }
  return tags;
}

function malformed(): SquadraError {
  const message = 'is not an entity tag: send the ETag of what was read as it was, quotes included, such as "3"';
  return new SquadraError('INVALID_INPUT', `The header If-Match ${message}.`, {
    details: { problems: [{ path: 'if-match', message }] },
  });
}
