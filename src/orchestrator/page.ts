import { SquadraError } from '../kernel/errors.ts';
import { isId } from '../kernel/id.ts';

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

/** The cursor of a list in the order of ids: the last one of the page before. Throws `INVALID_CURSOR`. */
export function checkCursor(cursor: string): string {
  if (isId(cursor)) return cursor;
  throw invalidCursor(cursor);
}

export function invalidCursor(cursor: string): SquadraError {
  const message = `'${cursor.slice(0, 80)}' is no cursor of this list; pass the 'nextCursor' of the page before, as it was.`;
  return new SquadraError('INVALID_CURSOR', message);
}

/** A full page may have a next one, which begins after its last item. */
export function pageOf<T extends { readonly id: string }>(items: readonly T[], limit: number): Page<T> {
  return { items, nextCursor: items.length === limit ? (items.at(-1)?.id ?? null) : null };
}

/**
 * Reads a page of a list whose cursor is the id of the last item before it. One more than asked for is read, so that the last
 * page knows that it is the last. Throws `INVALID_INPUT` for a bad limit and `INVALID_CURSOR`.
 */
export async function readPage<T extends { readonly id: string }>(
  { cursor, limit = defaultLimit }: { readonly cursor?: string | undefined; readonly limit?: number | undefined },
  read: (limit: number, after: string | undefined) => Promise<readonly T[]>,
): Promise<Page<T>> {
  const size = checkLimit(limit);
  const found = await read(size + 1, cursor === undefined ? undefined : checkCursor(cursor));
  const items = found.slice(0, size);
  return { items, nextCursor: found.length > size ? (items.at(-1)?.id ?? null) : null };
}
