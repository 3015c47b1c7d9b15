import { SquadraError } from '../kernel/errors.ts';

/** A page of a list; `nextCursor` is null at its end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export const defaultLimit = 50;
const maxLimit = 200;

/** Throws `INVALID_INPUT` for a limit that is not a whole number from 1 to 200. */
export function checkLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxLimit) return limit;
  throw new SquadraError('INVALID_INPUT', `'limit' is ${limit}; use a whole number from 1 to ${maxLimit}.`);
}

/** A full page may have a next one, which begins after its last item. */
export function pageOf<T extends { readonly id: string }>(items: readonly T[], limit: number): Page<T> {
  return { items, nextCursor: items.length === limit ? (items.at(-1)?.id ?? null) : null };
}
