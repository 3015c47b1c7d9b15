import { SquadraError } from '../kernel/errors.ts';
import { toError } from '../kernel/failure.ts';
import type { Json } from '../kernel/json.ts';
import type { InboxCommand, InboxReply } from '../work/inbox.ts';

/** The two ways of a command: through the inbox of the process that runs the state, or by taking the state oneself. */
export interface CommandWays {
  /** Whether some process runs the state now. */
  isOwned(): boolean;
  /** Throws `SHUTTING_DOWN` with `{ begun: false }` when the owner did not take it. */
  send(command: InboxCommand): Promise<InboxReply>;
  /** Throws `STORE_LOCKED` when some process runs the state by now. */
  takeOneself(command: InboxCommand): Promise<InboxReply>;
}

/** What a command came to, and whether a process runs the state that will go on with it. */
export interface CommandResult {
  readonly value: Json;
  readonly isOwned: boolean;
}

/** An owner may come or go while a command is on its way; one that does so more often is in trouble. */
const maxTurns = 4;

/** Has a command done, by whoever runs the state. Throws what the command throws. */
export async function routeCommand(ways: CommandWays, command: InboxCommand): Promise<CommandResult> {
  for (let turn = 1; ; turn++) {
    const isOwned = ways.isOwned();
    try {
      const reply = await (isOwned ? ways.send(command) : ways.takeOneself(command));
      if (!reply.ok) throw toError(reply.error);
      return { value: reply.value, isOwned };
    } catch (error) {
      if (turn === maxTurns || !hasChangedHands(error, isOwned)) throw error;
    }
  }
}

function hasChangedHands(error: unknown, isOwned: boolean): boolean {
  if (!(error instanceof SquadraError)) return false;
  return isOwned ? error.code === 'SHUTTING_DOWN' && error.details['begun'] === false : error.code === 'STORE_LOCKED';
}
