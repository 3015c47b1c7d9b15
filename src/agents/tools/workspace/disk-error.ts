import { NonRetryableError, SquadraError } from '../../../kernel/errors.ts';

/** What the caller can do nothing about and what may pass: a full disk, a broken one, too many open files. */
const passing = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'EAGAIN', 'EBUSY']);

/** Whether the error says that there is nothing at a path. */
export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}

/**
 * The error for a model to read: without absolute paths, which are no business of a provider. What may pass is
 * `TOOL_UNAVAILABLE`, so that the call is tried again; errors without a code of the disk stay what they are.
 */
export function diskError(error: unknown, path: string): unknown {
  const code = codeOf(error);
  if (code === null) return error;
  if (code === 'ELOOP') return new NonRetryableError(`${path} is a link; links are not followed.`, { cause: error });
  if (passing.has(code)) {
    const message = `The workspace cannot be used: the disk answered ${code} at ${path}.`;
    return new SquadraError('TOOL_UNAVAILABLE', message, {
      cause: error,
      details: { tool: 'workspace', mayHaveRun: false },
    });
  }
  return new NonRetryableError(`${path} cannot be used: the disk answered ${code}.`, { cause: error });
}

function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || error instanceof SquadraError) return null;
  return typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code) ? error.code : null;
}
