import { SquadraError } from '../kernel/errors.ts';

/** Closes for submissions while too many executions are queued. */
export interface GateState {
  readonly isOpen: boolean;
  readonly queued: number;
  /** The gate is closed at this many. */
  readonly closesAt: number;
}

export function gateState(
  queued: number,
  settings: { readonly maxQueuedExecutions: number; readonly backpressureThreshold: number },
): GateState {
  const closesAt = Math.ceil(settings.backpressureThreshold * settings.maxQueuedExecutions);
  return { isOpen: queued < closesAt, queued, closesAt };
}

/** Throws `QUEUE_FULL` when the gate is closed. */
export function passGate(state: GateState): void {
  if (!state.isOpen) {
    throw new SquadraError(
      'QUEUE_FULL',
      `${state.queued} executions are queued and the gate closes at ${state.closesAt}; nothing of this submission was stored.`,
      {
        details: { queued: state.queued, closesAt: state.closesAt },
      },
    );
  }
}
