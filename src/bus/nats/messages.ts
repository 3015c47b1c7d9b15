import { writeTold } from '../told.ts';
import type { Told } from '../told.ts';
import type { Subjects } from './subjects.ts';

/** What is published under one subject. */
export interface Message {
  readonly subject: string;
  readonly text: string;
}

type ToldText = Extract<Told, readonly ['text' | 'text-so-far', ...unknown[]]>;

/** Ids, or pieces of news, in one message at most. */
const atOnce = 500;

/** Who is to be told what, in its order. Of text that is too long for a message of `maxPayload` bytes the beginning is left out. */
export function messagesOf(all: readonly Told[], subjects: Subjects, maxPayload: number): readonly Message[] {
  return all.flatMap((told): Message[] => {
    switch (told[0]) {
      case 'text':
      case 'text-so-far':
        return [{ subject: subjects.textOf(told[1]), text: shortened(told, maxPayload) }];
      case 'committed':
        return told[2].map((executionId) => ({
          subject: subjects.commit(told[1], executionId),
          text: writeTold([['committed', told[1], [executionId]]]),
        }));
      case 'asks':
      case 'listens': {
        const [kind] = told;
        return slices(told[1]).map((ids) => ({ subject: subjects.asks, text: writeTold([[kind, ids]]) }));
      }
      case 'news':
      case 'unsure':
        return [{ subject: subjects.news, text: writeTold([told]) }];
    }
  });
}

function shortened(told: ToldText, maxPayload: number): string {
  const [kind, executionId, stepKey, attempt, offset, text] = told;
  for (let cut = 0; ; cut = Math.ceil((text.length + cut) / 2)) {
    const written = writeTold([[kind, executionId, stepKey, attempt, offset + cut, text.slice(cut)]]);
    if (Buffer.byteLength(written) <= maxPayload || cut >= text.length) return written;
  }
}

function slices(ids: readonly string[]): (readonly string[])[] {
  return Array.from({ length: Math.ceil(ids.length / atOnce) }, (_, place) =>
    ids.slice(place * atOnce, (place + 1) * atOnce),
  );
}
