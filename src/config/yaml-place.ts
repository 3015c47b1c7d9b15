import { isNode } from 'yaml';
import type { Document, LineCounter } from 'yaml';

/** `line 3, squads[0].members[1].role: ` for the node at the path, or for the nearest one above it that exists. */
export function placeOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): string {
  const keys = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`));
  const shown = keys.join('').replace(/^\./, '');
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return `line ${lines.linePos(node.range[0]).line}, ${shown}: `;
  }
  return shown === '' ? '' : `${shown}: `;
}

/** The line on which the value at the path begins, from 1; null where there is none. */
export function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number | null {
  const node: unknown = document.getIn(path, true);
  return isNode(node) && node.range ? lines.linePos(node.range[0]).line : null;
}

/** What the parser could not read: the first line of its message is a sentence with its place, the others draw the source. */
export function syntaxProblems({ errors }: Pick<Document, 'errors'>): string[] {
  return errors.map(({ message }) => (message.split('\n', 1)[0] ?? '').replace(/:$/, ''));
}
