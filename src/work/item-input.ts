/** What an item builds on: the key of another, and the text that it ended with. */
export interface ItemResult {
  readonly key: string;
  readonly text: string;
}

/** What an item is told of the results it builds on, all together: more would push its own message out of sight. */
const maxResultsLength = 64 * 1_024;

/** The part of a text that one of so many results may take. */
export function shareOfResults(text: string, among: number): string {
  const room = Math.floor(maxResultsLength / Math.max(1, among));
  const left = text.length - room;
  return left <= 0 ? text : `${text.slice(0, room)}\n[… ${left} characters are left out here]`;
}

/** The input of the child that does an item, as JSON. */
export function itemInput(message: string, member: string, before: readonly ItemResult[]): string {
  return JSON.stringify({ message, member, ...(before.length === 0 ? {} : { before }) });
}
