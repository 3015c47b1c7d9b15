import { SquadraError } from '../kernel/errors.ts';

/** Reads JSON that was given on the command line. Throws `INVALID_INPUT`. */
export function parseJson(value: string, what: string): unknown {
  try {
    return JSON.parse(value);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SquadraError('INVALID_INPUT', `${what} is no JSON (${why}); text needs quotes: '"like this"'.`, {
      cause,
    });
  }
}
