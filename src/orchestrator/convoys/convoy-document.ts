import { autoCeiling } from '../../flow/parallelism.ts';
import type { Parallelism } from '../../flow/parallelism.ts';
import type { ConvoyItem, CountedConvoy } from '../../work/convoy.ts';
import type { ConvoyDescription } from './convoys.ts';

/** How far a convoy is: its items by what has become of them. */
export function convoyProgress({ counts }: Pick<CountedConvoy, 'counts'>) {
  const { pending, ready, blocked, in_progress: running, completed, failed, cancelled } = counts;
  const total = pending + ready + blocked + running + completed + failed + cancelled;
  return { total, ready, blocked: blocked + pending, running, completed, failed, cancelled };
}

/** A convoy as lists show it; times are ISO 8601. */
export function convoySummary(convoy: CountedConvoy) {
  const { counts: _, parallelism: wanted, limits, parent, deadlineAt, createdAt, endedAt, ...rest } = convoy;
  const { id, status, squadId, squadVersion, version, stopOnFirstFailure, timeoutMs, reason } = rest;
  return {
    id,
    status,
    reason,
    squadId,
    squadVersion,
    progress: convoyProgress(convoy),
    options: { parallelism: wanted, stopOnFirstFailure, timeoutMs, ...limits },
    executionId: parent?.executionId ?? null,
    version,
    createdAt: iso(createdAt),
    deadlineAt: isoOrNull(deadlineAt),
    endedAt: isoOrNull(endedAt),
  };
}

/** A convoy with its items, and how many of them may run now. */
export function convoyDocument({ items, usage, advice, ...convoy }: ConvoyDescription) {
  const keys = new Map(items.map(({ id, key }) => [id, key]));
  return {
    ...convoySummary(convoy),
    parallelism: advice === null ? null : parallelismDocument(advice, convoy),
    usage,
    costMicroUsd: usage.costMicroUsd,
    items: items.map((item) => itemDocument(item, keys)),
  };
}

function itemDocument(
  { id, key, memberId, status, reason, priority, dependencies, executionId, ...times }: ConvoyItem,
  keys: ReadonlyMap<string, string>,
) {
  const dependsOn = dependencies.map((needed) => keys.get(needed) ?? needed);
  const [startedAt, endedAt] = [isoOrNull(times.startedAt), isoOrNull(times.endedAt)];
  const updatedAt = iso(times.updatedAt);
  return { key, id, memberId, status, reason, priority, dependsOn, executionId, startedAt, endedAt, updatedAt };
}

function parallelismDocument(advice: Parallelism, { counts }: Pick<CountedConvoy, 'counts'>) {
  const { places, load, throttle, startDelayMs, reason } = advice;
  return { places, running: counts.in_progress, load, throttle, startDelayMs, reason, why: whyOf(advice) };
}

/** The reason in a sentence. */
function whyOf({ places, load, startDelayMs, reason }: Parallelism): string {
  const measured = load === null ? '' : ` (load ${Math.round(load)} %)`;
  const held = startDelayMs > 0 ? `; a threshold is passed, so starts are ${Math.round(startDelayMs)} ms apart` : '';
  const why = {
    not_measured: 'the load of the machine has not been measured yet',
    idle: `the machine is idle${measured}`,
    idle_auto: `the machine is idle${measured}, so up to ${autoCeiling} may wait for models`,
    provider: `the machine is idle${measured}, and the providers bear ${places}`,
    busy: `the machine is busy${measured}`,
    full: `the machine is full${measured}`,
  }[reason];
  return `${places}: ${why}${held}`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}
