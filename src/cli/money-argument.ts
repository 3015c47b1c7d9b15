import { SquadraError } from '../kernel/errors.ts';

/** Dollars as they are typed, `5` or `$0.25`, in micro-dollars. Throws `INVALID_INPUT` naming the option. */
export function parseDollars(text: string, option: string): number {
  const { whole, part = '' } = /^\$?(?<whole>\d{1,9})(?:\.(?<part>\d{1,6}))?$/.exec(text)?.groups ?? {};
  if (whole !== undefined) return Number(whole) * 1_000_000 + Number(part.padEnd(6, '0'));
  throw new SquadraError('INVALID_INPUT', `${option} is '${text}'; give dollars, such as 5 or 0.25.`);
}
