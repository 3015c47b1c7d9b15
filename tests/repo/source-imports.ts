/** Reading imports out of TypeScript text: enough of a scanner to tell code from comments, and no more. */

/** A piece of text that is a comment, a string or a template; comments are the first group. */
const commentOrText = /(\/\*[\s\S]*?\*\/|\/\/[^\n]*)|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;

const importForms: readonly RegExp[] = [
  // import … from 'x' · import type … from 'x' · export … from 'x'
  /\b(?:import|export)\b[^'"`;()]*?\bfrom\s*['"]([^'"]+)['"]/g,
  // import 'x'
  /\bimport\s*['"]([^'"]+)['"]/g,
  // import('x'), as an expression and as a type
  /\bimport\(\s*['"`]([^'"`]+)['"`]/g,
  // new URL('./x.ts', import.meta.url): how worker threads are started
  /\bnew URL\(\s*['"`](\.[^'"`]+\.ts)['"`]\s*,\s*import\.meta\.url/g,
];

/** The text without its comments, so that an example in a comment is not taken for code. */
export function withoutComments(text: string): string {
  return text.replace(commentOrText, (match, comment: string | undefined) => (comment === undefined ? match : ' '));
}

/** What a file imports, as written: static, dynamic, re-exported, types only, and the files of worker threads. */
export function importsOf(text: string): string[] {
  const code = withoutComments(text);
  return importForms.flatMap((form) => [...code.matchAll(form)].map((match) => match[1] ?? ''));
}

/** What stands in the strings and templates of a text; what is put into a template stays as it is written. */
export function textsOf(text: string): string[] {
  return [...text.matchAll(commentOrText)]
    .filter(([, comment]) => comment === undefined)
    .map(([found]) => found.slice(1, -1));
}
