import { invalidCursor } from '../orchestrator/page.ts';
import type { Page } from '../orchestrator/page.ts';

/** As much as a page may have: what fits is answered whole. */
const defaultLimit = 200;

/** A page of a list that is at hand whole; its cursor is the key of the last item before it. Throws `INVALID_CURSOR`. */
export function pageOfAll<T>(
  all: readonly T[],
  keyOf: (item: T) => string,
  { cursor, limit = defaultLimit }: { readonly cursor?: string; readonly limit?: number },
): Page<T> {
  const before = cursor === undefined ? -1 : all.findIndex((item) => keyOf(item) === cursor);
  if (cursor !== undefined && before === -1) throw invalidCursor(cursor);
  const items = all.slice(before + 1, before + 1 + limit);
  const last = items.at(-1);
  const isEnd = last === undefined || before + 1 + limit >= all.length;
  return { items, nextCursor: isEnd ? null : keyOf(last) };
}
