/** Who said it: the person who asked, an agent, or a tool. */
export type MessageRole = 'user' | 'assistant' | 'tool';

/** What it is: the request of the execution, what a member was asked, what it said beside its tool calls, what it answered, or what a tool returned. */
export type MessageKind = 'request' | 'ask' | 'remark' | 'answer' | 'tool-result';

/** What an agent or a person said, as a run commits it. Its text is stored here and nowhere else. */
export interface NewMessage {
  readonly role: MessageRole;
  readonly kind: MessageKind;
  readonly memberId: string | null;
  readonly text: string;
  readonly stepKey: string | null;
}
