import { SquadraError } from '../../kernel/errors.ts';
import type { ErrorCode } from '../../kernel/errors.ts';

/** Primary result codes of SQLite (https://sqlite.org/rescode.html) that mean something of their own to us. */
const codes: Readonly<Record<number, ErrorCode>> = {
  8: 'STORE_READ_ONLY',
  11: 'STORE_CORRUPT',
  13: 'STORE_FULL',
  14: 'STORE_READ_ONLY',
  26: 'STORE_CORRUPT',
};

/** What the operating system says when a folder or a file beside the database is meant. */
const systemCodes: Readonly<Record<string, ErrorCode>> = {
  EACCES: 'STORE_READ_ONLY',
  EPERM: 'STORE_READ_ONLY',
  EROFS: 'STORE_READ_ONLY',
  ENOTDIR: 'STORE_READ_ONLY',
  ENOENT: 'STORE_READ_ONLY',
  EEXIST: 'STORE_READ_ONLY',
  ENOSPC: 'STORE_FULL',
  EDQUOT: 'STORE_FULL',
};

const said: Partial<Record<ErrorCode, string>> = {
  STORE_READ_ONLY: 'cannot be opened or written',
  STORE_CORRUPT: 'is damaged or no SQLite file',
  STORE_FULL: 'could not grow: the disk is full',
};

/** What SQLite or the disk answered, as an error of the catalogue. Errors that are in it already pass unchanged. */
export function storeError(error: unknown, path: string): SquadraError {
  if (error instanceof SquadraError) return error;
  const code = codes[resultCode(error) & 0xff] ?? systemCodes[systemCode(error)] ?? 'STORE_FAILED';
  const text = error instanceof Error ? error.message : String(error);
  return new SquadraError(code, `The state file ${path} ${said[code] ?? 'refused the operation'} (${text}).`, {
    cause: error,
  });
}

function resultCode(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return 0;
  return typeof error.errcode === 'number' ? error.errcode : 0;
}

function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
