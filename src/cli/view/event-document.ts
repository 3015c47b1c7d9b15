import type { SquadraEvent } from '../../orchestrator/events.ts';

/** An event in the names and units of the HTTP interface; null for `done`, in whose place the outcome stands. */
export function eventDocument(event: SquadraEvent): object | null {
  switch (event.event) {
    case 'message': {
      const { role, memberId, kind, text, stepKey } = event.message;
      return { event: 'message', seq: event.seq, role, memberId, kind, text, stepKey, createdAt: iso(event.at) };
    }
    case 'status': {
      const { seq, status, output, error, reason, wakeAt, at } = event;
      return {
        event: 'status',
        seq,
        status,
        ...(output === undefined ? {} : { output: JSON.parse(output) as unknown }),
        ...(error === undefined ? {} : { error }),
        ...(reason === undefined ? {} : { reason }),
        ...(wakeAt == null ? {} : { wakeAt: iso(wakeAt) }),
        createdAt: iso(at),
      };
    }
    case 'step': {
      const { seq, key, type, phase, attempt, output, error, dueAt, details, usage, at } = event;
      return {
        event: 'step',
        seq,
        key,
        type,
        phase,
        attempt,
        ...(output === null ? {} : { output: JSON.parse(output) as unknown }),
        ...(error === null ? {} : { error }),
        ...(dueAt === null ? {} : { dueAt: iso(dueAt) }),
        ...(details === null ? {} : { details: JSON.parse(details) as unknown }),
        ...(usage === null ? {} : { usage }),
        createdAt: iso(at),
      };
    }
    case 'text-delta':
    case 'text-so-far': {
      const { stepKey, attempt, offset, text } = event;
      return { event: event.event, stepKey, attempt, offset, text };
    }
    case 'done':
      return null;
  }
}

/** Epoch milliseconds as ISO 8601 in UTC. */
export function iso(at: number): string {
  return new Date(at).toISOString();
}
