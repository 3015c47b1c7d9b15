import type { Bus, TextDelta, TextSoFar } from '../bus/bus.ts';
import type { LiveText } from '../bus/live-text.ts';
import { SquadraError } from '../kernel/errors.ts';
import { isEnded } from '../work/execution.ts';
import type { Journaled, MessageRecord, StatusRecord, StepRecord } from '../work/journal.ts';
import { LiveFeed } from './live-feed.ts';
import type { StoredEvents } from './stored-events.ts';

/** An event that is stored: `seq` counts those of an execution, without gaps from 1. */
export type StoredEvent =
  | ({ readonly event: 'message' } & Journaled<MessageRecord>)
  | ({ readonly event: 'status' } & Journaled<StatusRecord>)
  | ({ readonly event: 'step' } & Journaled<StepRecord>);

/**
 * What an execution tells. Text as it streams is not stored and has no `seq`: `text-so-far` is what a call in flight had
 * said before, `text-delta` what it says now; a higher `attempt` replaces what the one before had said. `done` is the last,
 * with the last `seq`.
 */
export type SquadraEvent = StoredEvent | TextDelta | TextSoFar | { readonly event: 'done'; readonly seq: number };

export interface EventOptions {
  /** Events with a higher `seq` only. */
  readonly after?: number;
  /** Whether to go on until the execution has ended; false ends with what is stored now. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

/** Where events come from. */
export interface EventSources {
  readonly stored: StoredEvents;
  readonly bus: Bus;
  readonly liveText: LiveText;
}

/** What is new is little, and then it is read with others' news; who comes late reads more at a time. */
const firstPage = 32;
const pageSize = 500;

/**
 * Every stored event after `after`, once and in order, with the text that streams meanwhile; ends with `done`.
 * Throws `SHUTTING_DOWN` when Squadra is closed before the execution has ended.
 */
export async function* executionEvents(
  sources: EventSources,
  tenant: string,
  id: string,
  options: EventOptions,
): AsyncGenerator<SquadraEvent, void, void> {
  for await (const batch of eventBatches(sources, tenant, id, options)) yield* batch;
}

/** `executionEvents`, with those that come together in one piece. */
export async function* eventBatches(
  { stored, bus, liveText }: EventSources,
  tenant: string,
  id: string,
  { after = 0, follow = true, signal }: EventOptions,
): AsyncGenerator<readonly SquadraEvent[], void, void> {
  const live = new LiveFeed(bus, liveText, id, signal);
  let last = after;
  let isEnd = false;
  try {
    for (;;) {
      // What woke us may be text alone, and text comes often; but none is told before the records it came after.
      while (live.isStale) {
        live.isStale = false;
        const end = yield* storedAfter(stored, live, tenant, id, last);
        // Nothing new does not undo the end that came before it.
        isEnd = end.last === last ? isEnd : end.isEnd;
        last = end.last;
        if ((isEnd || last === after) && (await isOver(stored, tenant, id))) {
          // What was retried and has ended again meanwhile left more records.
          if ((await stored.after(tenant, id, last, 1)).length === 0) {
            yield [{ event: 'done', seq: last === after ? await lastSeq(stored, tenant, id, last) : last }];
            return;
          }
          live.isStale = true;
        }
        if (!follow || signal?.aborted === true) return;
      }
      const text = live.take();
      if (text.length > 0) yield text;
      if ((await live.next()) === 'aborted') return;
      if (live.isClosed)
        throw new SquadraError('SHUTTING_DOWN', `Squadra was closed before execution ${id} ended; events go on later.`);
    }
  } finally {
    live.close();
  }
}

/** Everything stored above a number; tells the last number, and whether its record ends the execution. */
async function* storedAfter(
  stored: StoredEvents,
  live: LiveFeed,
  tenant: string,
  id: string,
  after: number,
): AsyncGenerator<readonly SquadraEvent[], { readonly last: number; readonly isEnd: boolean }, void> {
  let last = after;
  let isEnd = false;
  for (let limit = firstPage; ; limit = pageSize) {
    const page = await stored.after(tenant, id, last, limit);
    const final = page.at(-1);
    if (final !== undefined) {
      last = final.seq;
      isEnd = final.event === 'status' && isEnded(final.status);
      // The last pieces of an answer come before the answer, and after the beginning of its call.
      yield page.flatMap((event) => [...live.takeEndedBy(event), event]);
    }
    if (page.length < limit) return { last, isEnd };
  }
}

/** A failed execution that was retried has ended once, and goes on. */
async function isOver(stored: StoredEvents, tenant: string, id: string): Promise<boolean> {
  const execution = await stored.execution(tenant, id);
  return execution === null || isEnded(execution.status);
}

/** The last number there is, at most `atMost`: there are no gaps, so it is found by halving. */
async function lastSeq(stored: StoredEvents, tenant: string, id: string, atMost: number): Promise<number> {
  const has = async (seq: number): Promise<boolean> => (await stored.after(tenant, id, seq - 1, 1)).length > 0;
  if (atMost === 0 || (await has(atMost))) return atMost;
  let [known, missing] = [0, atMost];
  while (missing - known > 1) {
    const middle = Math.floor((known + missing) / 2);
    if (await has(middle)) known = middle;
    else missing = middle;
  }
  return known;
}
