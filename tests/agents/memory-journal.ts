import { isRetryable } from '../../src/kernel/errors.ts';
import { encodeJson } from '../../src/kernel/json.ts';
import type { Json } from '../../src/kernel/json.ts';
import type { Member } from '../../src/squads/squad.ts';
import type { NewMessage } from '../../src/work/message.ts';
import type { Usage } from '../../src/work/usage.ts';
import type { ItemChange } from '../../src/work/work-item.ts';
import { noUsage } from '../../src/work/usage.ts';
import type {
  Answer,
  AskOptions,
  AskRequest,
  CallResult,
  JournaledCall,
  RecordedCall,
} from '../../src/workflows/asker.ts';
import type { ApprovalOptions, ApprovalResult } from '../../src/workflows/step-api.ts';

/** Something the journal was told, in order. */
export type JournalEntry =
  | { readonly entry: 'intent'; readonly key: string; readonly attempt: number; readonly reservation: Usage | null }
  | { readonly entry: 'result'; readonly key: string; readonly output: Json }
  | { readonly entry: 'failure'; readonly key: string; readonly error: unknown };

/** A journal in memory: calls happen once, results are given back as JSON would give them back. */
export class MemoryJournal {
  readonly entries: JournalEntry[] = [];
  readonly messages: NewMessage[] = [];
  readonly items: ItemChange[] = [];
  readonly deltas: string[] = [];
  readonly #results = new Map<string, string>();
  readonly #controller = new AbortController();
  /** How often a call is tried; like the engine, but without waiting in between. */
  attempts = 1;
  /** What the ask is told about its time. */
  elapsedMs = 0;
  /** What people were asked, and what they say. */
  readonly questions: { readonly key: string; readonly options: ApprovalOptions }[] = [];
  answerWith: (name: string, options: ApprovalOptions) => ApprovalResult = () => ({ choice: 'approve', by: 'test' });
  /** The members of the squad, where there are more than the one who is asked. */
  squad: readonly Member[] | null = null;
  /** Answers what agents ask each other. */
  asker: { ask(request: AskRequest): Promise<Answer> } | null = null;

  /** Loses a result, as if the process had died before its commit. */
  forget(key: string): void {
    this.#results.delete(key);
  }

  cancel(reason: unknown): void {
    this.#controller.abort(reason);
  }

  request(member: Member, message: string, options: AskOptions = {}, key = options.name ?? member.role): AskRequest {
    return this.#request({ member, message, options, key, depth: 0, colleagues: this.squad ?? [member] });
  }

  #request(asked: Pick<AskRequest, 'member' | 'message' | 'options' | 'key' | 'depth' | 'colleagues'>): AskRequest {
    const { key } = asked;
    return {
      ...asked,
      tenant: 'local',
      squadId: 'squad-1',
      priority: 0,
      executionId: 'execution-1',
      itemId: `item-${key}`,
      elapsedMs: () => this.elapsedMs,
      isRecorded: (name) => this.#results.has(`${key}/${name}`),
      call: (call) => this.#call(`${key}/${call.name}`, call),
      approve: async (name, approval) => {
        this.questions.push({ key: `${key}/${name}`, options: approval });
        return this.answerWith(name, approval);
      },
      ask: (member, name, message) => {
        if (this.asker === null) throw new Error('Nobody answers what agents ask each other.');
        const inner = { ...asked, member, message, options: {}, key: `${key}/${name}`, depth: asked.depth + 1 };
        return this.asker.ask(this.#request(inner));
      },
    };
  }

  async #call(key: string, call: JournaledCall): Promise<RecordedCall> {
    const recorded = this.#results.get(key);
    if (recorded !== undefined) return JSON.parse(recorded) as RecordedCall;
    encodeJson(call.input, { maxBytes: 64 * 1024 * 1024, what: key });
    if (call.begin !== undefined) {
      this.messages.push(...call.begin.messages);
      if (call.begin.item !== undefined) this.items.push(call.begin.item);
    }
    for (let number = 1; ; number += 1) {
      const { reservation = null } = call;
      try {
        const reserved =
          typeof reservation === 'function' ? (await reservation(this.#controller.signal)).usage : reservation;
        if (call.intent !== false) this.entries.push({ entry: 'intent', key, attempt: number, reservation: reserved });
        const result = await call.make({
          number,
          isLast: number >= this.attempts,
          signal: this.#controller.signal,
          idempotencyKey: `execution-1/${key}`,
          delta: (text) => void this.deltas.push(text),
        });
        return this.#commit(key, result);
      } catch (error) {
        this.entries.push({ entry: 'failure', key, error });
        if (number < this.attempts && isRetryable(error)) continue;
        const change = call.failed?.(error instanceof Error ? error.message : String(error));
        if (change !== undefined) this.items.push(change);
        throw error;
      }
    }
  }

  #commit(key: string, { output, messages, usage, item }: CallResult): RecordedCall {
    this.entries.push({ entry: 'result', key, output });
    this.messages.push(...messages);
    if (item !== undefined) this.items.push(item);
    const text = encodeJson({ output, messages, usage: usage ?? noUsage }, { maxBytes: 64 * 1024 * 1024, what: key });
    this.#results.set(key, text);
    return JSON.parse(text) as RecordedCall;
  }
}
