import type { SquadraEvent } from '../../orchestrator/events.ts';
import type { TenantEvent } from '../../orchestrator/stored-events.ts';

/** Events as they go over the wire. */
type Told = SquadraEvent | TenantEvent;

/** Where a client goes on when nothing has come to it yet: sets the id without being an event. */
export function placeText(id: string): string {
  return `id: ${id}\n\n`;
}

/** Says that the client was let go, by no fault of the events: it has to come again, with the last id it has. */
export const resumeText = 'event: resume\ndata: {}\n\n';

/**
 * Turns events into text. Those who follow the same execution are given the same objects in the same turn of the event
 * loop, and share their text.
 */
export class EventTexts {
  #known = new Map<Told, string>();

  textOf(event: Told): string {
    const known = this.#known.get(event);
    if (known !== undefined) return known;
    if (this.#known.size === 0) process.nextTick(() => (this.#known = new Map()));
    const text = eventText(event);
    this.#known.set(event, text);
    return text;
  }
}

function eventText(event: Told): string {
  const data = dataOf(event);
  if (!('seq' in event)) return `event: ${event.event}\ndata: ${data}\n\n`;
  if (event.event === 'done') return `event: done\nid: ${event.seq}\ndata: ${data}\n\n`;
  return `event: ${event.event}\nid: ${'cursor' in event ? event.cursor : event.seq}\ndata: ${data}\n\n`;
}

/** The fields of the HTTP interface. What is JSON text already goes in as it is: parsing it would only cost time. */
function dataOf(event: Told): string {
  switch (event.event) {
    case 'message': {
      const { role, memberId, kind, text, stepKey } = event.message;
      return object(placeOf(event), { role, memberId, kind, text, stepKey, createdAt: iso(event.at) });
    }
    case 'status': {
      const { status, output, error, reason, wakeAt, at } = event;
      const fields = { status, error, reason, ...timeField('wakeAt', wakeAt ?? null), createdAt: iso(at) };
      return object(placeOf(event), fields, jsonField('output', output ?? null));
    }
    case 'step': {
      const { key, type, phase, attempt, output, error, dueAt, details, usage, at } = event;
      const fields = {
        key,
        type,
        phase,
        attempt,
        error: error ?? undefined,
        ...timeField('dueAt', dueAt),
        usage: usage ?? undefined,
        createdAt: iso(at),
      };
      return object(placeOf(event), fields, jsonField('output', output), jsonField('details', details));
    }
    case 'text-delta':
    case 'text-so-far': {
      const { stepKey, attempt, offset, text } = event;
      return JSON.stringify({ stepKey, attempt, offset, text });
    }
    case 'done':
      return JSON.stringify({ seq: event.seq });
  }
}

/** Among the events of many executions each says whose it is. */
function placeOf(event: { readonly seq: number; readonly executionId?: string }): Record<string, unknown> {
  return { executionId: event.executionId, seq: event.seq };
}

/** One JSON object of fields and of members that are text already. */
function object(
  place: Record<string, unknown>,
  fields: Record<string, unknown>,
  ...members: readonly string[]
): string {
  return `${JSON.stringify({ ...place, ...fields }).slice(0, -1)}${members.join('')}}`;
}

function jsonField(name: string, json: string | null): string {
  if (json === null) return '';
  // A line break would end the line of the event; JSON made here has none.
  return `,"${name}":${/[\r\n]/.test(json) ? JSON.stringify(JSON.parse(json)) : json}`;
}

function timeField(name: string, at: number | null): Record<string, string> {
  return at === null ? {} : { [name]: iso(at) };
}

/** Epoch milliseconds as ISO 8601 in UTC. */
function iso(at: number): string {
  return new Date(at).toISOString();
}
