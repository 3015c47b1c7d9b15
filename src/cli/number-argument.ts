import { SquadraError } from '../kernel/errors.ts';

/** A whole number as it is typed. Throws `INVALID_INPUT` naming the option. */
export function parseWholeNumber(text: string, option: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new SquadraError('INVALID_INPUT', `${option} is '${text}'; give a whole number.`);
}
