/** Reading Markdown as far as the documents' tests need it: links, fenced code, commands. */

/** A fenced block of code. */
export interface Fence {
  readonly language: string;
  readonly code: string;
  /** 1-based line of the opening fence. */
  readonly line: number;
}

const fencePattern = /^(`{3,})(\w*)[^\n]*\n([\s\S]*?)^\1[ \t]*$/gm;
const linkPattern = /!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)="([^"]+)"/g;

/** The fenced blocks of a document, in order. */
export function fencesOf(markdown: string): Fence[] {
  return [...markdown.matchAll(fencePattern)].map((match) => ({
    language: match[2] ?? '',
    code: match[3] ?? '',
    line: markdown.slice(0, match.index).split('\n').length,
  }));
}

/** The targets of links and images outside of code. */
export function linksOf(markdown: string): string[] {
  const prose = markdown.replace(fencePattern, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(linkPattern)].map((match) => match[1] ?? match[2] ?? '');
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchorsOf(markdown: string): Set<string> {
  const headings = markdown.replace(fencePattern, '').matchAll(/^#{1,6}\s+(.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .trim()
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    ),
  );
}

/** Text that a reader may type: inline code and the lines of shell blocks. */
export function typedText(markdown: string): string[] {
  const shell = fencesOf(markdown).filter((fence) => /^(sh|bash|shell|console)$/.test(fence.language));
  const inline = markdown.replace(fencePattern, '').matchAll(/`([^`\n]+)`/g);
  return [...shell.flatMap((fence) => fence.code.split('\n')), ...[...inline].map((match) => match[1] ?? '')];
}
