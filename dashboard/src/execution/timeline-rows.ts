import type { Story } from './story.ts';
import { askOf } from './step-story.ts';
import type { StepStory, Try } from './step-story.ts';

/** A piece of time in which something happened; epoch milliseconds. `to` is null while it goes on. */
export interface Bar {
  readonly from: number;
  readonly to: number | null;
  readonly outcome: Try['outcome'] | 'pause';
  /** Which try, where there are several. */
  readonly attempt: number;
}

/** A line of the timeline: an ask with what its calls took, or a step. */
export interface TimelineRow {
  readonly key: string;
  readonly kind: 'ask' | StepStory['type'];
  readonly depth: 0 | 1;
  readonly title: string;
  readonly status: StepStory['status'];
  readonly tries: number;
  readonly bars: readonly Bar[];
  readonly from: number;
  readonly to: number | null;
  /** Whether a fork took it over: it was done in another execution. */
  readonly isTakenOver: boolean;
  /** Null for asks. */
  readonly step: StepStory | null;
}

/** The lines in the order in which they began; calls stand below the ask that they belong to. */
export function timelineRows({ steps }: Pick<Story, 'steps'>): readonly TimelineRow[] {
  const groups = new Map<string, StepStory[]>();
  for (const step of steps.values()) {
    const ask = askOf(step);
    const name = ask === null ? `step ${step.key}` : `ask ${ask}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [step]);
    else group.push(step);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    const ask = first === undefined ? null : askOf(first);
    return ask === null
      ? group.map((step) => stepRow(step, 0))
      : [askRow(ask, group), ...group.map((step) => stepRow(step, 1))];
  });
}

function stepRow(step: StepStory, depth: 0 | 1): TimelineRow {
  return {
    key: step.key,
    kind: step.type,
    depth,
    title: titleOf(step),
    status: step.status,
    tries: new Set(step.tries.map(({ number }) => number)).size,
    bars: barsOf(step),
    from: step.startedAt,
    to: step.endedAt,
    isTakenOver: step.forkedFrom !== null,
    step,
  };
}

/** Its tries, and between them the pauses before it was tried again. */
function barsOf({ tries, status, dueAt }: StepStory): readonly Bar[] {
  const bars: Bar[] = [];
  for (const { number, startedAt, endedAt, outcome } of tries) {
    const before = bars.at(-1)?.to ?? null;
    if (before !== null && startedAt > before)
      bars.push({ from: before, to: startedAt, outcome: 'pause', attempt: number });
    bars.push({ from: startedAt, to: endedAt, outcome, attempt: number });
  }
  const last = bars.at(-1);
  if (status === 'retrying' && dueAt !== null && last?.to !== null && last !== undefined)
    bars.push({ from: last.to, to: dueAt, outcome: 'pause', attempt: last.attempt + 1 });
  return bars;
}

function askRow(ask: string, calls: readonly StepStory[]): TimelineRow {
  const from = Math.min(...calls.map(({ startedAt }) => startedAt));
  const isOpen = calls.some(({ endedAt }) => endedAt === null);
  const to = isOpen ? null : Math.max(...calls.map(({ endedAt }) => endedAt ?? 0));
  const last = calls.at(-1);
  const open = calls.find(({ endedAt }) => endedAt === null);
  const status = (open ?? last)?.status ?? 'running';
  const outcome = status === 'retrying' ? 'running' : status;
  return {
    key: ask,
    kind: 'ask',
    depth: 0,
    title: ask,
    status,
    tries: 1,
    bars: [{ from, to, outcome, attempt: 1 }],
    from,
    to,
    isTakenOver: calls.every(({ forkedFrom }) => forkedFrom !== null),
    step: null,
  };
}

function titleOf({ key, type, tool, model }: StepStory): string {
  const place = key.slice(key.lastIndexOf('/') + 1);
  if (type === 'model') return model === null ? `Model call ${place}` : `Model call ${place} · ${model}`;
  if (type === 'tool') return tool === null ? `Tool call ${place}` : `Tool ${tool}`;
  return key;
}

/** From when to when the timeline goes; at least a few milliseconds, so that there is something to divide by. */
export function spanOf(rows: readonly TimelineRow[], now: number): { readonly from: number; readonly to: number } {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const { bars } of rows)
    for (const bar of bars) {
      from = Math.min(from, bar.from);
      to = Math.max(to, bar.to ?? Math.max(now, bar.from));
    }
  return from <= to ? { from, to: Math.max(to, from + 10) } : { from: now, to: now + 10 };
}

const niceSteps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000].concat(
  [1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1_440, 2_880, 10_080].map((minutes) => minutes * 60_000),
);

/** Round times after the beginning, in milliseconds: `most` at most, the beginning itself left out. */
export function ticksOf(lengthMs: number, most: number): readonly number[] {
  const step = niceSteps.find((size) => lengthMs / size <= most) ?? Math.ceil(lengthMs / most);
  return Array.from({ length: Math.floor(lengthMs / step) }, (_, place) => (place + 1) * step);
}
