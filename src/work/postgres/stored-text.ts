/**
 * PostgreSQL stores every character but U+0000, which people and models do send. It travels as two others; the first of them is
 * a private one that stands for itself when it is doubled, so every text comes back as it was.
 */
const mark = '\u{F0F0F}';
const nul = '\u0000';

/** A text as it may be stored. Most pass unchanged. */
export function storedText(text: string): string {
  if (!text.includes(nul) && !text.includes(mark)) return text;
  return text.replaceAll(mark, `${mark}1`).replaceAll(nul, `${mark}0`);
}

/** The text that was stored. */
export function readText(text: string): string {
  if (!text.includes(mark)) return text;
  return text.replaceAll(`${mark}0`, nul).replaceAll(`${mark}1`, mark);
}
