import { errorCatalogue, SquadraError } from '../kernel/errors.ts';
import type { ErrorCode } from '../kernel/errors.ts';

/** 0 done · 1 the work failed · 2 wrong usage · 3 cannot start · 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 3 | 130;

const cannotStart: ReadonlySet<ErrorCode> = new Set([
  'INVALID_SETTING',
  'ADDRESS_IN_USE',
  'SHUTTING_DOWN',
  'WRITES_SATURATED',
  'POOL_EXHAUSTED',
]);

/** What an error of a command makes of its exit code. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof SquadraError)) return 1;
  const { code } = error;
  if (code.startsWith('STORE_') || cannotStart.has(code)) return 3;
  const { status } = errorCatalogue[code];
  return status === 400 || status === 413 ? 2 : 1;
}
