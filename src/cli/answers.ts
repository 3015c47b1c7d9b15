import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Squad } from '../squads/squad.ts';
import type { Journaled, MessageRecord } from '../work/journal.ts';
import { People } from './view/people.ts';
import { safeLine } from './view/safe-text.ts';

/** An answer that was written to a file. */
export interface WrittenAnswer {
  readonly path: string;
  readonly who: string;
  readonly title: string;
}

/** Writes each answer of an execution to a file of its own, numbered in the order in which they were given. */
export function writeAnswers(
  stateDir: string,
  id: string,
  squad: Squad | null,
  messages: readonly Journaled<MessageRecord>[],
): WrittenAnswer[] {
  const folder = join(stateDir, 'out', id);
  const people = new People(squad);
  mkdirSync(folder, { recursive: true });
  return messages
    .filter(({ message }) => message.kind === 'answer')
    .map(({ message }, index) => {
      const step = (message.stepKey ?? 'answer').replace(/\/model\/\d+$/, '');
      const path = join(folder, `${index + 1}-${step.replaceAll(/[^\w.-]+/g, '-')}.md`);
      writeFileSync(path, message.text);
      return { path, who: people.nameOf(message.memberId, step), title: titleOf(message.text) };
    });
}

const maxTitleLength = 80;

/** The first heading, or the first line that says something. */
function titleOf(text: string): string {
  const lines = text.split('\n');
  const line = lines.find((each) => each.startsWith('#')) ?? lines.find((each) => each.trim() !== '') ?? '';
  const title = safeLine(line.replace(/^#+\s*/, ''));
  return title.length <= maxTitleLength ? title : `${title.slice(0, maxTitleLength - 1)}…`;
}
