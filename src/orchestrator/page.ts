import { SquadraError } from '../kernel/errors.ts';
import { isId } from '../kernel/id.ts';

/** A page of a list; `nextCursor` is null at its end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

const defaultLimit = 50;
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

/** What is to be known of the items of a list. */
export interface PageFormat<T, Place> {
  /** The place behind an item, as a cursor. */
  readonly write: (item: T) => string;
  /** Reads a cursor. Throws `INVALID_CURSOR`. */
  readonly read: (cursor: string) => Place;
  /** Characters that an item takes in an answer, where that may be many. */
  readonly lengthOf?: (item: T) => number;
}

/** Of lists in the order of ids. */
export const byId: PageFormat<{ readonly id: string }, string> = { write: ({ id }) => id, read: checkCursor };

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

/** Characters of a page: one that has as many ends there, whatever its limit is. */
const maxContent = 8 * 1024 * 1024;
/** Items read at once where they may be long. */
const firstRead = 32;

/**
 * Reads a page of a list with a format of its own. One more than asked for is read, so that the last page knows that it is the
 * last. Items that may be long are read few at a time, until the page is long enough.
 */
export async function readPageBy<T, Place>(
  { write, read: placeOf, lengthOf }: PageFormat<T, Place>,
  { cursor, limit = defaultLimit }: PageRequest,
  read: (limit: number, after: Place | undefined) => Promise<readonly T[]>,
): Promise<Page<T>> {
  const size = checkLimit(limit);
  const items: T[] = [];
  let place = cursor === undefined ? undefined : placeOf(cursor);
  let content = 0;
  for (let most = lengthOf === undefined ? size + 1 : firstRead; ;) {
    const wanted = Math.min(most, size + 1 - items.length);
    const found = await read(wanted, place);
    for (const item of found) {
      const last = items.at(-1);
      if (last !== undefined && (items.length === size || content >= maxContent))
        return { items, nextCursor: write(last) };
      items.push(item);
      content += lengthOf?.(item) ?? 0;
    }
    const last = items.at(-1);
    if (found.length < wanted || last === undefined) return { items, nextCursor: null };
    place = placeOf(write(last));
    // Short ones are read more at a time.
    if (content * 2 < maxContent) most *= 2;
  }
}
