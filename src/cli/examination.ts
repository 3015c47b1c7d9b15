import { SquadraError } from '../kernel/errors.ts';

/** What was looked at, and what was found: fine, worth knowing, or in the way of work. */
export interface Examination {
  readonly name: string;
  readonly result: 'ok' | 'note' | 'bad';
  readonly text: string;
}

/** What went wrong, for people. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof SquadraError ? `${message} [${error.code}]` : message;
}
