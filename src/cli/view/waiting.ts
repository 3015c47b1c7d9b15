import { safeLine } from './safe-text.ts';

/** What a waiting step asks of the world, and the command that gives it. */
export interface Awaited {
  readonly what: string;
  readonly command: string | null;
}

/** Reads the details of a waiting step: an approval's request, or the name of a signal. */
export function awaited(executionId: string, step: string, details: string | null): Awaited {
  const parsed: unknown = details === null ? null : JSON.parse(details);
  if (typeof parsed !== 'object' || parsed === null) return { what: 'for its time', command: null };
  if ('choices' in parsed && Array.isArray(parsed.choices)) {
    const title = 'title' in parsed ? safeLine(String(parsed.title)) : step;
    const [first = '', ...others] = parsed.choices.map((choice) => quoted(String(choice)));
    const or = others.length === 0 ? '' : `   (or ${others.join(', ')})`;
    return {
      what: `for a person: ${title}`,
      command: `npx squadra approve ${executionId} ${quoted(step)} ${first}${or}`,
    };
  }
  if ('signal' in parsed) {
    const signal = String(parsed.signal);
    return {
      what: `for the signal '${safeLine(signal)}'`,
      command: `npx squadra signal ${executionId} ${quoted(signal)} '{}'`,
    };
  }
  return { what: 'for its time', command: null };
}

/** A word as a shell takes it. */
export function quoted(word: string): string {
  const line = safeLine(word);
  return /^[\w./:@-]+$/.test(line) ? line : `'${line.replaceAll("'", String.raw`'\''`)}'`;
}
