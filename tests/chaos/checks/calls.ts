import type { Check, Evidence, Figure } from '../evidence.ts';
import { only } from '../evidence.ts';
import { dataOf } from '../state.ts';
import type { State } from '../state.ts';

/** In doubt is visible: no call leaves without its intent, none is made again after its result, none is forgotten. */
export function callChecks({ state, effects, calls }: Evidence): {
  readonly checks: Check[];
  readonly figures: Figure[];
} {
  const steps = callsOf(state);
  const inFlight = inFlightAtEnds(effects);
  const inDoubt = [...steps].flatMap(([key, { doubts }]) =>
    doubts.map((doubt) => ({ ...doubt, name: `${key} attempt ${doubt.attempt}` })),
  );
  // An execution that fails cuts off what it has in flight, and a retry finds that in doubt.
  for (const [key, { cutOff }] of steps) for (const attempt of cutOff) inFlight.add(`${key} attempt ${attempt}`);
  const delivered = new Map<string, number>();
  for (const { id, step, at } of only(effects, 'delivered')) {
    const key = `${id}/${step}`;
    if (!delivered.has(key)) delivered.set(key, at);
  }
  const received = Map.groupBy(
    calls.filter(({ phase }) => phase === 'received'),
    ({ idempotencyKey }) => idempotencyKey ?? 'no key',
  );
  // Told to come again, a call comes again within its attempt: nothing was made of it, and nothing is in doubt.
  const refused = Map.groupBy(
    calls.filter(({ phase }) => phase === 'refused'),
    ({ idempotencyKey }) => idempotencyKey ?? 'no key',
  );
  const again: string[] = [];
  const silent: string[] = [];
  for (const [key, lines] of received) {
    const { completedAt = Infinity, intents = [] } = steps.get(key) ?? {};
    const doneAt = Math.min(completedAt, delivered.get(key) ?? Infinity);
    for (const { at } of lines)
      if (at > doneAt) again.push(`${key} was called at ${at}; its result was there at ${doneAt}`);
    const taken = lines.length - (refused.get(key)?.length ?? 0);
    if (taken > intents.length) silent.push(`${key} was called ${taken} times with ${intents.length} intents`);
  }
  return {
    figures: [
      { name: 'model calls received', count: [...received.values()].flat().length },
      { name: 'calls in flight when a life or their execution ended', count: inFlight.size },
      { name: 'calls in doubt', count: inDoubt.length },
    ],
    checks: [
      { name: 'model calls made again after their result was there', found: again },
      { name: 'model calls without an intent', found: silent },
      {
        name: 'calls in doubt that were not in flight',
        found: inDoubt.filter(({ name }) => !inFlight.has(name)).map(({ name }) => name),
      },
      {
        name: 'calls in doubt that count as nothing',
        found: inDoubt.filter(({ counts }) => !counts).map(({ name }) => name),
      },
      {
        name: 'intents that nobody settled',
        found: [...steps].flatMap(([key, { open }]) => open.map((attempt) => `${key} attempt ${attempt}`)),
      },
    ],
  };
}

interface CallState {
  readonly intents: number[];
  /** Intents without an outcome. */
  readonly open: number[];
  /** Attempts in flight when their execution ended. */
  readonly cutOff: number[];
  readonly doubts: { readonly attempt: number; readonly counts: boolean }[];
  completedAt?: number;
}

/** The steps that commit intents, by `<execution>/<step>`. */
function callsOf(state: State): Map<string, CallState> {
  const steps = new Map<string, CallState>();
  for (const { row, journal } of state.executions.values()) {
    for (const record of journal) {
      const { kind, key, type, phase, attempt, at } = record;
      const name = `${row.id}/${key}`;
      if (kind !== 'step' || attempt === null) continue;
      if (phase === 'intent') {
        const step = steps.get(name) ?? { intents: [], open: [], cutOff: [], doubts: [] };
        steps.set(name, step);
        step.intents.push(attempt);
        step.open.push(attempt);
      }
      const step = steps.get(name);
      if (step === undefined || (phase !== 'failed' && phase !== 'completed')) continue;
      const place = step.open.indexOf(attempt);
      if (place !== -1) step.open.splice(place, 1);
      if (phase === 'completed') step.completedAt = at;
      const { error, usage } = dataOf(record);
      if (error?.code === 'EXECUTION_CANCELLED') step.cutOff.push(attempt);
      if (error?.code === 'IN_DOUBT')
        step.doubts.push({
          attempt,
          counts: type !== 'model' || (usage?.modelCalls === 1 && usage.estimatedCalls === 1),
        });
    }
  }
  return steps;
}

/** Calls that had left, as the worker saw it, and of which it had heard nothing committed when its life ended. */
function inFlightAtEnds(effects: Evidence['effects']): Set<string> {
  const all = new Set<string>();
  let open = new Set<string>();
  for (const line of effects) {
    if (line.event === 'life') {
      for (const name of open) all.add(name);
      open = new Set();
    } else if (line.event === 'leaving') open.add(`${line.id}/${line.step} attempt ${line.attempt}`);
    else if (line.event === 'settled') open.delete(`${line.id}/${line.step} attempt ${line.attempt}`);
  }
  return all;
}
