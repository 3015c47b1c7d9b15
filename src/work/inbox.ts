import type { Failure } from '../kernel/failure.ts';
import type { Json } from '../kernel/json.ts';

/** A command that another process left for the owner of the state. `id` makes it take effect once. */
export interface InboxCommand {
  readonly id: string;
  readonly tenant: string;
  readonly name:
    | 'start'
    | 'retry'
    | 'fork'
    | 'cancel'
    | 'signal'
    | 'approve'
    | 'prune'
    | 'addKey'
    | 'revokeKey'
    | 'setBudget'
    | 'removeBudget'
    | 'createSchedule'
    | 'setSchedule'
    | 'removeSchedule'
    | 'cancelConvoy'
    | 'retryConvoy'
    | 'readStatus';
  readonly body: Json;
}

export type InboxReply = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly error: Failure };

/** Where commands wait until the owner takes them. */
export interface Inbox {
  /** Leaves a command and waits for the owner's reply. Throws `SHUTTING_DOWN` when nobody took it within `timeoutMs`. */
  send(command: InboxCommand, timeoutMs: number): Promise<InboxReply>;
  /** Takes commands as they come, oldest first, each at least once, until disposed. */
  serve(take: (command: InboxCommand) => Promise<InboxReply>): AsyncDisposable;
}
