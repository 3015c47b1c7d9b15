import { SquadraError } from '../../kernel/errors.ts';
import type { ErrorCode } from '../../kernel/errors.ts';

/** Classes and codes of PostgreSQL (https://www.postgresql.org/docs/current/errcodes-appendix.html) that mean something of their own to us. */
const codes: Readonly<Record<string, ErrorCode>> = {
  '08': 'STORE_UNAVAILABLE',
  '53100': 'STORE_FULL',
  '53200': 'STORE_UNAVAILABLE',
  '53300': 'POOL_EXHAUSTED',
  '57': 'STORE_UNAVAILABLE',
  '25P03': 'STORE_UNAVAILABLE',
  '25006': 'STORE_READ_ONLY',
  '42501': 'STORE_READ_ONLY',
};

/** What the network says, and what `pg` says of a connection that is gone. */
const lost =
  /^(?:ECONN|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOST|ENET)|connection (?:terminated|is closed)|server closed the connection|query_wait_timeout|not queryable|Query read timeout|pgbouncer cannot connect/i;
const noPlace = /timeout exceeded when trying to connect/i;

const said: Partial<Record<ErrorCode, string>> = {
  STORE_UNAVAILABLE: 'The database cannot be reached, or went away in the middle',
  STORE_FULL: 'The database could not grow: its disk is full',
  STORE_READ_ONLY: 'The database does not let this user write',
  POOL_EXHAUSTED: 'No connection to the database became free in time',
};

/** What PostgreSQL or the network answered, as an error of the catalogue. Errors that are in it already pass unchanged. */
export function storeError(error: unknown): SquadraError {
  if (error instanceof SquadraError) return error;
  const code = errorCode(error);
  const text = error instanceof Error ? error.message : String(error);
  const found = codes[code] ?? codes[code.slice(0, 2)] ?? ofNetwork(code, text);
  return new SquadraError(found, `${said[found] ?? 'The database refused the operation'} (${text}).`, {
    cause: error,
  });
}

/** Two transactions stood in each other's way and PostgreSQL chose one to give up: it has changed nothing and may be made again. */
export function isCollision(error: unknown): boolean {
  const code = errorCode(error);
  return code === '40001' || code === '40P01';
}

/** A statement did not answer within the time; the server may still be at it. */
export function isUnanswered(error: unknown): error is Error {
  return error instanceof Error && error.message === 'Query read timeout';
}

/** A row that has to be the only one of its kind is there already; `name` is that of the index. */
export function isTaken(error: unknown, name: string): boolean {
  return errorCode(error) === '23505' && error instanceof Error && 'constraint' in error && error.constraint === name;
}

function ofNetwork(code: string, text: string): ErrorCode {
  if (noPlace.test(text)) return 'POOL_EXHAUSTED';
  return lost.test(code) || lost.test(text) ? 'STORE_UNAVAILABLE' : 'STORE_FAILED';
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
