import type { LanguageModelV4StreamPart, SharedV4ProviderMetadata } from '@ai-sdk/provider';

/** A tool call as the model wrote it: nothing of it is checked. */
export interface ReceivedToolCall {
  readonly id: string;
  readonly name: string;
  /** Meant to be JSON. */
  readonly input: string;
  /** What the provider wants back with the call. */
  readonly metadata: SharedV4ProviderMetadata | null;
}

/** A piece of reasoning. Some providers want it back, with their signature, before they take the results of tool calls. */
export interface ReceivedReasoning {
  readonly text: string;
  readonly metadata: SharedV4ProviderMetadata | null;
}

type ReasoningPart = Extract<
  LanguageModelV4StreamPart,
  { type: 'reasoning-start' | 'reasoning-delta' | 'reasoning-end' }
>;

/** Adds a part to its piece; the latest metadata counts, as a signature comes last. */
export function takeReasoning(pieces: Map<string, ReceivedReasoning>, part: ReasoningPart): void {
  const before = pieces.get(part.id);
  pieces.set(part.id, {
    text: (before?.text ?? '') + (part.type === 'reasoning-delta' ? part.delta : ''),
    metadata: part.providerMetadata ?? before?.metadata ?? null,
  });
}
