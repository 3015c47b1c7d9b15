import { SquadraError } from '../kernel/errors.ts';

const maxNameLength = 200;
// Control characters (category Cc) would let a name break a log line or a terminal.
const forbidden = /[/\p{Cc}]/u;

/** The key of a step: the names of its scopes and its own, joined by `/`. Throws `INVALID_STEP` for a name that cannot be one. */
export function stepKey(scope: string, name: string): string {
  if (typeof name !== 'string' || name.length === 0 || name.length > maxNameLength || forbidden.test(name)) {
    throw new SquadraError(
      'INVALID_STEP',
      `${JSON.stringify(name)} is no name for a step: use 1 to ${maxNameLength} characters without '/' and control characters.`,
    );
  }
  return scope === '' ? name : `${scope}/${name}`;
}
