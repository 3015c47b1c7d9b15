/**
 * HTML as text: one pass over hostile megabytes, no tree. What is left is headings, paragraphs, list items and links, which
 * is what a model reads; what is hidden from people by scripts and styles goes.
 */

/** Their content is no text of the page. */
const hidden = new Set(['script', 'style', 'noscript', 'template', 'svg', 'iframe', 'object', 'select', 'math']);
const block = new Set(
  'address article aside blockquote br dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tr ul title body'.split(
    ' ',
  ),
);
/** Longer tags carry data, not addresses. */
const maxTagLength = 4_000;
const maxLinkLength = 1_000;

/** The readable text of an HTML page; links become `[text](address)`. */
export function htmlToText(html: string, base: string): string {
  const lower = lowerAscii(html);
  const parts: string[] = [];
  const links = new LinkMarks(parts);
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    if (open < 0) break;
    parts.push(decodeEntities(html.slice(at, open)));
    if (lower.startsWith('<!--', open)) {
      at = after(html, '-->', open + 4);
      continue;
    }
    const name = /^<\/?([a-z][a-z0-9]*)/.exec(lower.slice(open, open + 40))?.[1];
    if (name === undefined && !/[!/?]/.test(html.charAt(open + 1))) {
      // A lone `<` is text.
      parts.push('<');
      at = open + 1;
      continue;
    }
    const end = after(html, '>', open);
    const isClosing = html.charAt(open + 1) === '/';
    at = end;
    if (name === undefined) continue;
    if (hidden.has(name) && !isClosing) {
      at = after(lower, '>', after(lower, `</${name}`, end));
    } else if (name === 'a') {
      links.close();
      if (!isClosing) links.open(linkOf(html.slice(open, Math.min(end, open + maxTagLength)), base));
    } else if (block.has(name)) {
      parts.push(isClosing ? '\n' : `\n${markOf(name)}`);
    } else if (name === 'td' || name === 'th') {
      parts.push(isClosing ? ' | ' : '');
    }
  }
  if (at < html.length) parts.push(decodeEntities(html.slice(at)));
  links.close();
  return tidy(parts.join(''));
}

/** Control characters out, and no more white space than paragraphs need. */
export function tidy(text: string): string {
  return text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '')
    .replaceAll(/[^\S\n]+/g, ' ')
    .replaceAll(/ ?\n ?/g, '\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}

/** Puts `[` and `](address)` around the text of a link, and nothing around a link without text. */
class LinkMarks {
  readonly #parts: string[];
  #address: string | null = null;
  #opening = 0;

  constructor(parts: string[]) {
    this.#parts = parts;
  }

  open(address: string | null): void {
    this.#address = address;
    this.#opening = this.#parts.length;
    if (address !== null) this.#parts.push('[');
  }

  close(): void {
    if (this.#address === null) return;
    const isEmpty = this.#parts.slice(this.#opening + 1).every((part) => part.trim() === '');
    if (isEmpty) this.#parts[this.#opening] = '';
    else this.#parts.push(`](${this.#address})`);
    this.#address = null;
  }
}

/** Behind the next `mark`; the end of the text where there is none. */
function after(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at + mark.length;
}

function markOf(name: string): string {
  const level = /^h([1-6])$/.exec(name)?.[1];
  if (level !== undefined) return `\n${'#'.repeat(Number(level))} `;
  return name === 'li' ? '- ' : name === 'p' ? '\n' : '';
}

function linkOf(tag: string, base: string): string | null {
  const [, double, single, bare] = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))/i.exec(tag) ?? [];
  const url = URL.parse(decodeEntities(double ?? single ?? bare ?? '').trim(), base);
  if (url === null || !/^https?:$/.test(url.protocol) || url.href.length > maxLinkLength) return null;
  return url.href.replaceAll('(', '%28').replaceAll(')', '%29');
}

const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  copy: '©',
  reg: '®',
  hellip: '…',
  mdash: '—',
  ndash: '–',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  laquo: '«',
  raquo: '»',
  bull: '•',
  middot: '·',
  times: '×',
  euro: '€',
  deg: '°',
  auml: 'ä',
  ouml: 'ö',
  uuml: 'ü',
  Auml: 'Ä',
  Ouml: 'Ö',
  Uuml: 'Ü',
  szlig: 'ß',
  eacute: 'é',
  egrave: 'è',
};

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal, hex, name) => {
    if (typeof name === 'string') return Object.hasOwn(named, name) ? (named[name] ?? whole) : whole;
    const code = typeof decimal === 'string' ? Number(decimal) : Number.parseInt(String(hex), 16);
    return code > 0 && code <= 0x10_ff_ff && !(code >= 0xd8_00 && code <= 0xdf_ff) ? String.fromCodePoint(code) : '';
  });
}

/** `toLowerCase` changes the length of some letters; places in the text have to stay. */
function lowerAscii(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
