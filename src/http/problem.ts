import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SquadraError } from '../kernel/errors.ts';
import type { ErrorCode, ErrorDetails } from '../kernel/errors.ts';

/** What is wrong with one field: `path` is dotted, empty for the whole. */
export interface FieldProblem {
  readonly path: string;
  readonly message: string;
}

/** RFC 9457, with the code of the catalogue and what to do about it. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly requestId: string;
  readonly help: string;
  readonly errors?: readonly FieldProblem[];
  readonly [extension: string]: unknown;
}

/** Facts of an error that its answer carries as fields of their own. */
const published = ['currentVersion', 'currentStatus', 'executionStatus', 'convoyStatus', 'queued', 'closesAt'] as const;

/** What nobody may tell apart: a thing that does not exist, and one that belongs to somebody else. */
const unknownThing = 'There is nothing here, or it is not yours.';

export function problemOf(error: SquadraError, requestId: string): Problem {
  const { code, status, help, message, details } = error;
  const isUnknown = code === 'NOT_FOUND';
  return {
    type: `urn:squadra:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title: titleOf(code),
    status,
    detail: isUnknown ? unknownThing : message,
    code,
    requestId,
    help,
    ...(isUnknown ? {} : facts(details)),
  };
}

/** The text of a problem before and after the id of the request that it answers: what can be made once for many of them. */
export function problemText(error: SquadraError): readonly [before: string, after: string] {
  const [before = '', after = ''] = JSON.stringify(problemOf(error, placeholder)).split(placeholder);
  return [before, after];
}

/** As long as an id, and none. */
const placeholder = '00000000-0000-0000-0000-000000000000';

/** Answers with a problem, and when to come back where that is known. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: SquadraError): FastifyReply {
  const retryAfter = retryAfterOf(error);
  if (retryAfter !== null) reply.header('retry-after', retryAfter);
  return reply
    .code(error.status)
    .type('application/problem+json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(problemOf(error, request.id));
}

/** Every 429 and 503 has some: without a measurement, one second. */
function retryAfterOf({ status, details }: SquadraError): string | null {
  if (status !== 429 && status !== 503) return null;
  const { retryAfterMs } = details;
  return retryAfterText(typeof retryAfterMs === 'number' ? retryAfterMs : 0);
}

/** Whole seconds, at least one. */
export function retryAfterText(retryAfterMs: number): string {
  return String(Math.max(1, Math.ceil(retryAfterMs / 1_000)));
}

function facts(details: ErrorDetails): Record<string, unknown> {
  const { problems } = details;
  return {
    ...Object.fromEntries(published.flatMap((name) => (name in details ? [[name, details[name]]] : []))),
    ...(Array.isArray(problems) ? { errors: problems } : {}),
  };
}

function titleOf(code: ErrorCode): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The code that stands for a status which the framework decided on. */
export function codeOfStatus(status: number): ErrorCode {
  const codes: Readonly<Record<number, ErrorCode>> = {
    400: 'INVALID_INPUT',
    404: 'NOT_FOUND',
    413: 'PAYLOAD_TOO_LARGE',
    415: 'UNSUPPORTED_MEDIA_TYPE',
  };
  return codes[status] ?? (status < 500 ? 'INVALID_INPUT' : 'INTERNAL');
}
