import type { Settings } from '../config/settings.ts';
import { formatDuration } from '../kernel/duration.ts';
import { SquadraError } from '../kernel/errors.ts';
import type { AskRequest } from '../workflows/asker.ts';
import type { PlannedCall } from './planned-call.ts';

/** How long the ask may still take. Throws `ASK_TIMEOUT` when its time is up. */
export function remainingMs(request: AskRequest, settings: Pick<Settings, 'askTimeoutMs'>): number {
  const leftMs = settings.askTimeoutMs - request.elapsedMs();
  if (leftMs > 0) return leftMs;
  throw askTimeout(request, settings);
}

/** The failure of an ask whose time is up. */
export function askTimeout(request: AskRequest, { askTimeoutMs }: Pick<Settings, 'askTimeoutMs'>): SquadraError {
  const elapsedMs = request.elapsedMs();
  const message = `${request.member.name} has worked ${formatDuration(elapsedMs)} on '${request.key}', and ${formatDuration(askTimeoutMs)} are allowed (SQUADRA_ASK_TIMEOUT).`;
  return new SquadraError('ASK_TIMEOUT', message, { details: { elapsedMs, askTimeoutMs } });
}

/** The refusal of one more model call; null while there may be one. */
export function modelCallRefusal(
  turn: number,
  request: AskRequest,
  { maxModelCallsPerAsk }: Pick<Settings, 'maxModelCallsPerAsk'>,
): SquadraError | null {
  if (turn <= maxModelCallsPerAsk) return null;
  const message = `${request.member.name} came to no answer to '${request.key}' within ${maxModelCallsPerAsk} model calls (SQUADRA_MAX_MODEL_CALLS_PER_ASK).`;
  return new SquadraError('STEP_LIMIT', message, { details: { maxModelCallsPerAsk } });
}

/** The refusal of an ask that lies too deep in others; null when it does not. */
export function depthRefusal(
  request: AskRequest,
  { maxDelegationDepth }: Pick<Settings, 'maxDelegationDepth'>,
): SquadraError | null {
  if (request.depth < maxDelegationDepth) return null;
  const message = `${request.member.name} wants to ask a colleague at '${request.key}', and ${maxDelegationDepth} levels of that are allowed (SQUADRA_MAX_DELEGATION_DEPTH).`;
  return new SquadraError('DELEGATION_DEPTH', message, { details: { depth: request.depth, maxDelegationDepth } });
}

/** Watches for an agent that makes the same call again and again. */
export class RepeatedCalls {
  readonly #limit: number;
  #last = '';
  #times = 0;

  constructor({ maxRepeatedCalls }: Pick<Settings, 'maxRepeatedCalls'>) {
    this.#limit = maxRepeatedCalls;
  }

  /** Notes a call; the refusal of one that is one too many. */
  note({ name, input }: PlannedCall, request: AskRequest): SquadraError | null {
    const call = `${name} ${input}`;
    this.#times = call === this.#last ? this.#times + 1 : 1;
    this.#last = call;
    if (this.#times <= this.#limit) return null;
    const message = `${request.member.name} called ${name} with the same arguments ${this.#times} times in a row at '${request.key}' (SQUADRA_MAX_REPEATED_CALLS).`;
    return new SquadraError('REPEATED_CALL', message, { details: { tool: name, times: this.#times } });
  }
}
