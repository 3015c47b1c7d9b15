import { findNamed } from './named-id.ts';
import type { ListThings } from './named-id.ts';

/** The convoy that `text` means: a whole id, the beginning of one, or `latest`. Throws `NOT_FOUND`, or `INVALID_INPUT` for several. */
export function findConvoy(list: ListThings, text: string): Promise<string> {
  return findNamed(list, text, { one: 'a convoy', many: 'convoys', command: 'squadra convoys' });
}
