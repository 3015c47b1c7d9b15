import type { MessageDocument } from '../../../src/client.ts';
import type { LiveText } from './live-text.ts';
import { askOf } from './step-story.ts';
import type { StepStory, ToolCall } from './step-story.ts';
import type { Story } from './story.ts';

/** What a member did with a tool: what it gave, and what came back; null while nothing has. */
export interface ToolEntry {
  readonly kind: 'tool';
  readonly key: string;
  readonly name: string;
  readonly input: string | null;
  readonly result: MessageDocument | null;
  readonly status: StepStory['status'];
}

/** Something that was said. */
export interface SaidEntry {
  readonly kind: 'said';
  readonly key: string;
  readonly message: MessageDocument;
}

/** What is being said. */
export interface LiveEntry {
  readonly kind: 'live';
  readonly key: string;
  readonly stepKey: string;
  readonly ask: string;
  /** Who was asked; null where that is not known. */
  readonly memberId: string | null;
  readonly live: LiveText;
}

export type Entry = SaidEntry | ToolEntry | LiveEntry;

/** The conversation in the order in which it went: each call stands where its result was told, those without one at the end. */
export function conversationEntries({
  messages,
  steps,
  live,
}: Pick<Story, 'messages' | 'steps' | 'live'>): readonly Entry[] {
  const told = new Set<string>();
  const entries: Entry[] = messages.map((message) => {
    const step = message.stepKey === null ? undefined : steps.get(message.stepKey);
    if (message.kind !== 'tool-result' || message.stepKey === null)
      return { kind: 'said', key: String(message.seq), message };
    told.add(message.stepKey);
    return toolEntry(message.stepKey, step, steps, message);
  });
  for (const step of steps.values())
    if (step.type === 'tool' && !told.has(step.key) && step.forkedFrom === null && step.status !== 'completed')
      entries.push(toolEntry(step.key, step, steps, null));
  for (const [stepKey, text] of live) {
    const ask = askOf({ key: stepKey, type: 'model' }) ?? stepKey;
    const asked = messages.find((message) => message.kind === 'ask' && message.stepKey === ask);
    entries.push({ kind: 'live', key: `live ${stepKey}`, stepKey, ask, memberId: asked?.memberId ?? null, live: text });
  }
  return entries;
}

function toolEntry(
  stepKey: string,
  step: StepStory | undefined,
  steps: Story['steps'],
  result: MessageDocument | null,
): ToolEntry {
  const call = callOf(stepKey, steps);
  return {
    kind: 'tool',
    key: `tool ${stepKey}`,
    name: step?.tool ?? call?.name ?? 'a tool',
    input: call?.input ?? null,
    result,
    status: step?.status ?? 'completed',
  };
}

/** `…/tool/2.1` is the first call that `…/model/2` asked for. */
function callOf(stepKey: string, steps: Story['steps']): ToolCall | null {
  const found = /^(?<ask>.*)\/tool\/(?<turn>\d+)\.(?<place>\d+)$/s.exec(stepKey)?.groups;
  if (found === undefined) return null;
  return steps.get(`${found['ask']}/model/${found['turn']}`)?.calls[Number(found['place']) - 1] ?? null;
}
