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
function checkLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxLimit) return limit;
  throw new SquadraError('INVALID_INPUT', `'limit' is ${limit}; use a whole number from 1 to ${maxLimit}.`);
}

/** The cursor of a list in the order of ids: the last one of the page before. Throws `INVALID_CURSOR`. */
function checkCursor(cursor: string): string {
  if (isId(cursor)) return cursor;
  throw invalidCursor(cursor);
}

export function invalidCursor(cursor: string): SquadraError {
  const message = `'${cursor.slice(0, 80)}' is no cursor of this list; pass the 'nextCursor' of the page before, as it was.`;
  return new SquadraError('INVALID_CURSOR', message);
}

/** What a page is asked for. */
export interface PageRequest {
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

/** How a place in a list is written as a cursor and read again; reading throws `INVALID_CURSOR`. */
interface CursorFormat<T, Place> {
  readonly write: (item: T) => string;
  readonly read: (cursor: string) => Place;
}

/** Of lists in the order of ids. */
const byId: CursorFormat<{ readonly id: string }, string> = { write: ({ id }) => id, read: checkCursor };

/**
 * Reads a page of a list whose cursor is the id of the last item before it. Throws `INVALID_INPUT` for a bad limit and
 * `INVALID_CURSOR`.
 */
export function readPage<T extends { readonly id: string }>(
  request: PageRequest,
  read: (limit: number, after: string | undefined) => Promise<readonly T[]>,
): Promise<Page<T>> {
  return readPageBy(byId, request, read);
}

/** Reads a page of a list with a format of its own. One more than asked for is read, so that the last page knows that it is the last. */
export async function readPageBy<T, Place>(
  format: CursorFormat<T, Place>,
  { cursor, limit = defaultLimit }: PageRequest,
  read: (limit: number, after: Place | undefined) => Promise<readonly T[]>,
): Promise<Page<T>> {
  const size = checkLimit(limit);
  const found = await read(size + 1, cursor === undefined ? undefined : format.read(cursor));
  const items = found.slice(0, size);
  const last = items.at(-1);
  return { items, nextCursor: found.length > size && last !== undefined ? format.write(last) : null };
}
