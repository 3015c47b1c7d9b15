import type { LanguageModelV4Message, LanguageModelV4Prompt, SharedV4ProviderOptions } from '@ai-sdk/provider';
import { hashJson } from '../kernel/json.ts';
import type { Usage } from '../work/usage.ts';
import { estimatedTokens } from './model-usage.ts';
import { repairMessage } from './output-format.ts';
import type { PlannedCall } from './planned-call.ts';
import type { RecordedReasoning } from './turn-record.ts';

/** What the model is told about a tool call. */
export interface ToolResult {
  readonly text: string;
  readonly isError: boolean;
}

/** A turn that led to another one: it called tools, or its answer did not match. */
export type PastTurn =
  | {
      readonly kind: 'tools';
      readonly text: string;
      readonly reasoning: readonly RecordedReasoning[];
      readonly calls: readonly PlannedCall[];
      readonly results: readonly ToolResult[];
    }
  | { readonly kind: 'repair'; readonly text: string; readonly problems: readonly string[] };

/** What a model is given. It is a function of the ask and of committed answers alone, and never changes. */
export interface Conversation {
  readonly system: string;
  readonly message: string;
  /** What stands for the turns that were compacted. */
  readonly notes: string | null;
  readonly turns: readonly PastTurn[];
  /**
   * Tells apart what came after the system prompt: another release's wording of a role is no change of the workflow. Made
   * from turn to turn, since hashing everything again each time would be quadratic.
   */
  readonly fingerprint: string;
  /** About how much a model has to read. */
  readonly tokens: number;
}

export function openConversation(system: string, message: string, format: string | null): Conversation {
  const tokens = estimatedTokens(Buffer.byteLength(system) + Buffer.byteLength(message));
  return { system, message, notes: null, turns: [], fingerprint: hashJson({ message, format }), tokens };
}

/** The conversation one turn later. What the provider counted is nearer than any estimate. */
export function withTurn(conversation: Conversation, turn: PastTurn, usage: Usage): Conversation {
  const { turns, fingerprint, tokens } = conversation;
  const read = usage.estimatedCalls === 0 ? usage.inputTokens + usage.outputTokens : 0;
  // No token is less than a byte, whatever a provider counts.
  const before =
    read > 0 ? Math.min(read, bytesOf(promptOf(conversation)) + textBytes(turn)) : tokens + textTokens(turn);
  return {
    ...conversation,
    turns: [...turns, turn],
    fingerprint: hashJson({ fingerprint, turn }),
    tokens: before + newTokens(turn),
  };
}

/** The conversation with notes in place of all turns but the last `kept` ones. */
export function withNotes(conversation: Conversation, notes: string, kept: number): Conversation {
  const turns = kept === 0 ? [] : conversation.turns.slice(-kept);
  const shorter = { ...conversation, notes, turns };
  const fingerprint = hashJson({ fingerprint: conversation.fingerprint, notes, kept });
  return { ...shorter, fingerprint, tokens: estimatedTokens(bytesOf(promptOf(shorter))) };
}

/** The messages of a model call: the same bytes for the same conversation. */
export function promptOf({ system, message, notes, turns }: Conversation): LanguageModelV4Prompt {
  const asked = notes === null ? message : `${message}\n\n---\n\n# Your notes of the work so far\n\n${notes}`;
  return [
    { role: 'system', content: system },
    { role: 'user', content: [{ type: 'text', text: asked }] },
    ...turns.flatMap(messagesOf),
  ];
}

function messagesOf(turn: PastTurn): LanguageModelV4Message[] {
  const text = turn.text === '' ? [] : [{ type: 'text' as const, text: turn.text }];
  if (turn.kind === 'repair') {
    return [
      { role: 'assistant', content: [{ type: 'text', text: turn.text }] },
      { role: 'user', content: [{ type: 'text', text: repairMessage(turn.problems) }] },
    ];
  }
  const { reasoning, calls, results } = turn;
  return [
    {
      role: 'assistant',
      content: [
        ...reasoning.map((piece) => ({ type: 'reasoning' as const, text: piece.text, ...optionsOf(piece.metadata) })),
        ...text,
        ...calls.map(({ id, name, input, metadata }) => ({
          type: 'tool-call' as const,
          toolCallId: id,
          toolName: name,
          input: JSON.parse(input) as unknown,
          ...optionsOf(metadata),
        })),
      ],
    },
    {
      role: 'tool',
      content: calls.map(({ id, name }, place) => {
        const { text: value, isError } = results[place] ?? { text: '', isError: true };
        const output = { type: isError ? ('error-text' as const) : ('text' as const), value };
        return { type: 'tool-result' as const, toolCallId: id, toolName: name, output };
      }),
    },
  ];
}

/** What a provider sent as metadata of a part it wants back as options of that part. */
function optionsOf(metadata: unknown): { readonly providerOptions?: SharedV4ProviderOptions } {
  return metadata === undefined || metadata === null ? {} : { providerOptions: metadata as SharedV4ProviderOptions };
}

/** UTF-8 bytes of all that is said in a prompt. */
export function bytesOf(prompt: LanguageModelV4Prompt): number {
  return prompt.reduce((bytes, { content }) => {
    if (typeof content === 'string') return bytes + Buffer.byteLength(content);
    return content.reduce((sum, part) => sum + partBytes(part), bytes);
  }, 0);
}

type PromptPart = Exclude<LanguageModelV4Message['content'], string>[number];

function partBytes(part: PromptPart): number {
  if (part.type === 'text' || part.type === 'reasoning') return Buffer.byteLength(part.text);
  if (part.type === 'tool-call') return Buffer.byteLength(part.toolName + JSON.stringify(part.input));
  if (part.type === 'tool-result' && 'value' in part.output && typeof part.output.value === 'string')
    return Buffer.byteLength(part.output.value);
  return 0;
}

/** Of what the model wrote itself. */
function textBytes(turn: PastTurn): number {
  const own = Buffer.byteLength(turn.text);
  if (turn.kind === 'repair') return own;
  return (
    own +
    turn.calls.reduce((sum, { name, input }) => sum + name.length + Buffer.byteLength(input), 0) +
    turn.reasoning.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
  );
}

function textTokens(turn: PastTurn): number {
  return estimatedTokens(textBytes(turn));
}

/** Of what it is told in return. */
function newTokens(turn: PastTurn): number {
  if (turn.kind === 'repair') return estimatedTokens(Buffer.byteLength(repairMessage(turn.problems)));
  return estimatedTokens(turn.results.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0));
}
