import { SquadraError } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import type { Approval, ApprovalAnswer } from '../work/approval-store.ts';
import type { Execution } from '../work/execution.ts';
import type { Changed, ExecutionReports, Outcome } from '../work/execution-store.ts';
import type { Journaled, MessageRecord } from '../work/journal.ts';
import type { Commands } from './commands.ts';
import { executionEvents } from './events.ts';
import type { EventOptions, EventSources, SquadraEvent } from './events.ts';
import type { ForkRequest, Forks } from './forks.ts';
import type { Outcomes } from './outcomes.ts';

/** Which messages: those with a `seq` above `after`, at most `limit`. */
export interface MessageOptions {
  readonly after?: number;
  readonly limit?: number;
}

/** A handle to one execution. Nothing is held open by having one. */
export interface Run<O = unknown> {
  readonly id: string;
  /** Resolves when it has ended, however it ended; rejects when the signal aborts the waiting. */
  result(options?: { readonly signal?: AbortSignal }): Promise<Outcome<O>>;
  /** Throws `NOT_FOUND`. */
  get(): Promise<Execution>;
  /** What was said, oldest first; the request is the first. */
  messages(options?: MessageOptions): Promise<readonly Journaled<MessageRecord>[]>;
  /** Throws `SHUTTING_DOWN` when Squadra is closed before the execution has ended. */
  events(options?: EventOptions): AsyncIterable<SquadraEvent>;
  start(): Promise<Changed>;
  cancel(reason?: string): Promise<Changed>;
  retry(): Promise<Changed>;
  /**
   * A new execution that takes over what was committed before a step, for free, and does the rest anew; the original stays
   * as it is. Throws `NOT_FOUND` for a step it does not have, `INVALID_INPUT` for members the squad does not have.
   */
  fork(request: ForkRequest): Promise<Run<O>>;
  signal(name: string, payload?: unknown): Promise<Changed>;
  /** `name` is that of the approval step. `by` is `local` where nobody signs in. */
  approve(name: string, answer: Omit<ApprovalAnswer, 'by'> & { readonly by?: string }): Promise<Approval>;
}

export interface RunHandleParts {
  readonly commands: Commands;
  readonly forks: Forks;
  readonly outcomes: Outcomes;
  readonly reports: ExecutionReports;
  readonly events: EventSources;
}

const pageSize = 500;

export class RunHandle<O> implements Run<O> {
  readonly id: string;
  readonly #tenant: string;
  readonly #parts: RunHandleParts;

  constructor(tenant: string, id: string, parts: RunHandleParts) {
    this.id = id;
    this.#tenant = tenant;
    this.#parts = parts;
  }

  async result(options?: { readonly signal?: AbortSignal }): Promise<Outcome<O>> {
    // The output was checked against the workflow's schema when it was committed; O is that schema's type.
    return (await this.#parts.outcomes.wait(this.#tenant, this.id, options?.signal)) as Outcome<Json> as Outcome<O>;
  }

  async get(): Promise<Execution> {
    const execution = await this.#parts.reports.get(this.#tenant, this.id);
    if (execution === null)
      throw new SquadraError('NOT_FOUND', `There is no execution ${this.id}; \`squadra list\` shows those there are.`);
    return execution;
  }

  async messages({ after = 0, limit = Infinity }: MessageOptions = {}): Promise<readonly Journaled<MessageRecord>[]> {
    const messages: Journaled<MessageRecord>[] = [];
    while (messages.length < limit) {
      const size = Math.min(pageSize, limit - messages.length);
      const last = messages.at(-1)?.seq ?? after;
      const page = await this.#parts.reports.messages(this.#tenant, this.id, last, size);
      messages.push(...page);
      if (page.length < size) break;
    }
    return messages;
  }

  events(options: EventOptions = {}): AsyncIterable<SquadraEvent> {
    return executionEvents(this.#parts.events, this.#tenant, this.id, options);
  }

  start(): Promise<Changed> {
    return this.#parts.commands.start(this.#tenant, this.id);
  }

  cancel(reason?: string): Promise<Changed> {
    return this.#parts.commands.cancel(this.#tenant, this.id, reason);
  }

  retry(): Promise<Changed> {
    return this.#parts.commands.retry(this.#tenant, this.id);
  }

  async fork(request: ForkRequest): Promise<Run<O>> {
    const id = await this.#parts.forks.fork(this.#tenant, this.id, request);
    return new RunHandle<O>(this.#tenant, id, this.#parts);
  }

  signal(name: string, payload?: unknown): Promise<Changed> {
    return this.#parts.commands.signal(this.#tenant, this.id, name, payload);
  }

  approve(
    name: string,
    { by = this.#tenant, ...answer }: Omit<ApprovalAnswer, 'by'> & { readonly by?: string },
  ): Promise<Approval> {
    return this.#parts.commands.approve(this.#tenant, this.id, name, { ...answer, by });
  }
}
