const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** What terminals draw two columns wide: emoji, and the scripts of East Asia. */
const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/u;
const zero = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
const ascii = /^[\x20-\x7e]*$/;

/** How many columns of a terminal a line without control characters takes. */
export function widthOf(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += graphemeWidth(segment);
  return width;
}

/** The line cut to a width, with `…` where something is missing. */
export function cutTo(text: string, width: number): string {
  if (text.length <= width && ascii.test(text)) return text;
  if (text.length <= 4 * width && widthOf(text) <= width) return text;
  let cut = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    used += graphemeWidth(segment);
    if (used > width - 1) break;
    cut += segment;
  }
  return `${cut}…`;
}

export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** The line broken into lines of at most that width, at spaces where there are any. */
export function wrapTo(line: string, width: number): string[] {
  const lines: string[] = [];
  let current = '';
  let used = 0;
  for (const word of line.split(/(?<= )/)) {
    const wordWidth = widthOf(word.trimEnd());
    if (used > 0 && used + wordWidth > width) {
      lines.push(current.trimEnd());
      current = '';
      used = 0;
    }
    if (wordWidth <= width) {
      current += word;
      used += widthOf(word);
      continue;
    }
    for (const { segment } of segmenter.segment(word)) {
      const segmentWidth = graphemeWidth(segment);
      if (used + segmentWidth > width) {
        lines.push(current);
        current = '';
        used = 0;
      }
      current += segment;
      used += segmentWidth;
    }
  }
  lines.push(current.trimEnd());
  return lines;
}

function graphemeWidth(grapheme: string): number {
  if (zero.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}
