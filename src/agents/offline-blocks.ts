import { bare, type Point } from './offline-request.ts';

// The pieces of Markdown that scripts are made of.

/** A heading with what follows; nothing when nothing follows. */
export function section(heading: string, body: string): string {
  return body === '' ? '' : `${heading}\n\n${body}`;
}

export function numbered<T>(items: readonly T[], line: (item: T) => string): string {
  return items.map((item, index) => `${index + 1}. ${line(item)}`).join('\n');
}

export function bullets<T>(items: readonly T[], line: (item: T) => string): string {
  return items.map((item) => `- ${line(item)}`).join('\n');
}

/** The texts as they are. */
export function list(texts: readonly string[]): string {
  return bullets(texts, (text) => text);
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return bare(text).replaceAll('|', '\\|');
}

export function code(language: string, lines: readonly string[]): string {
  return [`\`\`\`${language}`, ...lines, '```'].join('\n');
}

/** A task with its name in bold. */
export function taskLine({ name, text }: Point): string {
  return bare(text) !== name && text.startsWith(name) ? `**${name}**${text.slice(name.length)}` : text;
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** One name for each task, made of its first words, none of them twice: `keepPasswords`. */
export function functionNames(tasks: readonly Point[]): readonly string[] {
  const taken = new Map<string, number>();
  return tasks.map((task) => {
    const [first = 'task', ...rest] = words(task.name).slice(0, 4);
    const name = first + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
    const times = (taken.get(name) ?? 0) + 1;
    taken.set(name, times);
    return times === 1 ? name : `${name}${times}`;
  });
}

/** The same for tables, columns and settings: `keep_passwords`. */
export function snakeNames(tasks: readonly Point[]): readonly string[] {
  return functionNames(tasks).map((name) =>
    name.replaceAll(/(?<=\p{Ll}|\p{N})\p{Lu}/gu, (letter) => `_${letter}`).toLowerCase(),
  );
}

/** The first words of a title, as a name for a file. */
export function slug(title: string): string {
  return words(title).slice(0, 4).join('-') || 'request';
}

const fillers = new Set('a an the of to and or in on for with is are be it that we i you where'.split(' '));

function words(text: string): readonly string[] {
  const found = text.toLowerCase().match(/\p{L}[\p{L}\p{N}]*/gu) ?? [];
  return found.filter((word) => !fillers.has(word));
}
