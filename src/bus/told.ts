import type { TextDelta, TextSoFar } from './bus.ts';
import type { News } from './news.ts';

/** Text of a call, as it travels. */
type ToldText = readonly [executionId: string, stepKey: string, attempt: number, offset: number, text: string];

/** What is announced: that some was lost a bus says by itself. */
export type AnnouncedNews = Exclude<News, { readonly of: 'unsure' }>;

/**
 * What one process tells the others. `committed`: of which executions of a tenant. `asks`: what calls of these executions said so
 * far; `listens`: that somebody still listens to them. `unsure`: something of this process was lost.
 */
export type Told =
  | readonly ['committed', tenant: string, executionIds: readonly string[]]
  | readonly ['text', ...ToldText]
  | readonly ['text-so-far', ...ToldText]
  | readonly ['asks', executionIds: readonly string[]]
  | readonly ['listens', executionIds: readonly string[]]
  | readonly ['news', news: AnnouncedNews]
  | readonly ['unsure'];

const kinds: ReadonlySet<unknown> = new Set<Told[0]>([
  'committed',
  'text',
  'text-so-far',
  'asks',
  'listens',
  'news',
  'unsure',
]);

export function writeTold(told: readonly Told[]): string {
  return JSON.stringify(told);
}

/** What newer code tells besides is passed over. */
export function readTold(body: string): readonly Told[] {
  // Only a bus writes the column.
  return (JSON.parse(body) as readonly Told[]).filter(([kind]) => kinds.has(kind));
}

/** A piece of text as listeners are told of it. */
export function textOf(told: Extract<Told, readonly ['text' | 'text-so-far', ...ToldText]>): TextDelta | TextSoFar {
  const [kind, executionId, stepKey, attempt, offset, text] = told;
  return { event: kind === 'text' ? 'text-delta' : 'text-so-far', executionId, stepKey, attempt, offset, text };
}
