import { stripVTControlCharacters } from 'node:util';

/**
 * Text that others wrote (a model, a user, a tool) as it may be shown: without anything that moves the cursor, rings,
 * renames the window, or turns the direction of what follows. Line breaks and tabs stay.
 */
export function safeText(text: string): string {
  return (
    stripVTControlCharacters(text.replaceAll(/\r\n?|[\u0085\u2028\u2029]/g, '\n'))
      // All control characters but tab and line feed, then the marks that reorder text.
      .replaceAll(/[^\P{Cc}\t\n]/gu, '')
      .replaceAll(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
  );
}

/** The same on one line. */
export function safeLine(text: string): string {
  return safeText(text).replaceAll(/\s+/g, ' ').trim();
}

/** JSON whose control characters are all written as escapes: JSON itself lets those above ASCII through. */
export function safeJson(value: unknown, space?: number): string {
  return (JSON.stringify(value, null, space) ?? 'null').replaceAll(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
