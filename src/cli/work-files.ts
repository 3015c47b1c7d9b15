import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Journaled, MessageRecord } from '../work/journal.ts';
import { safeLine } from './view/safe-text.ts';

/** A file that came out of an execution. */
export interface WorkFile {
  readonly path: string;
  /** Its first heading, or how long it is. */
  readonly title: string;
}

const maxTitleLength = 80;

/**
 * The files of an execution's workspace in the order in which they were written. Where its members wrote none, their answers
 * are written there.
 */
export function workFiles(
  stateDir: string,
  id: string,
  messages: readonly Journaled<MessageRecord>[],
): readonly WorkFile[] {
  const folder = join(stateDir, 'out', id);
  if (filesIn(folder).length === 0) writeAnswers(folder, messages);
  return filesIn(folder).map((path) => ({ path, title: titleOf(path) }));
}

/** The files that the members of an execution wrote; none where they wrote none. */
export function writtenFiles(stateDir: string, id: string): readonly string[] {
  return filesIn(join(stateDir, 'out', id));
}

/** What the last answer decides: the first paragraph under the heading that says so; null where there is none. */
export function verdictOf(text: string): string | null {
  const found = /^#+ *(?:verdict|decision)\b.*\n+(?<paragraph>[^#\s](?:.|\n(?!\n))*)/imu.exec(text)?.groups?.paragraph;
  return found === undefined ? null : safeLine(found.replaceAll('**', ''));
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs);
}

function writeAnswers(folder: string, messages: readonly Journaled<MessageRecord>[]): void {
  mkdirSync(folder, { recursive: true });
  const answers = messages.filter(({ message }) => message.kind === 'answer');
  for (const [index, { message }] of answers.entries()) {
    const step = (message.stepKey ?? 'answer').replace(/\/model\/\d+$/, '');
    writeFileSync(join(folder, `${index + 1}-${step.replaceAll(/[^\w.-]+/g, '-')}.md`), message.text);
  }
}

function titleOf(path: string): string {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const heading = path.endsWith('.md') ? lines.find((line) => line.startsWith('#')) : undefined;
  const title = heading === undefined ? `${lines.length} lines` : safeLine(heading.replace(/^#+\s*/, ''));
  return title.length <= maxTitleLength ? title : `${title.slice(0, maxTitleLength - 1)}…`;
}
