import type { ExecutionDocument } from '../../../src/client.ts';

type Step = ExecutionDocument['steps'][number];

/** How a step went on one side. */
export interface SideStep {
  readonly status: Step['status'];
  /** Null while it is open. */
  readonly durationMs: number | null;
  readonly costMicroUsd: number;
  readonly tokens: number;
  /** Taken over from another execution: it cost nothing here. */
  readonly isTakenOver: boolean;
}

/** A step of either of two executions; null where a side does not have it. */
export interface ComparedStep {
  readonly key: string;
  readonly left: SideStep | null;
  readonly right: SideStep | null;
}

/** Every step of either, in the order of the left one, then of the right one. */
export function compareSteps(
  left: Pick<ExecutionDocument, 'steps'>,
  right: Pick<ExecutionDocument, 'steps'>,
): readonly ComparedStep[] {
  const [lefts, rights] = [left, right].map(({ steps }) => new Map(steps.map((step) => [step.key, step]))) as [
    Map<string, Step>,
    Map<string, Step>,
  ];
  return [...new Set([...lefts.keys(), ...rights.keys()])].map((key) => ({
    key,
    left: sideOf(lefts.get(key)),
    right: sideOf(rights.get(key)),
  }));
}

/** What it cost with what it took over from the other, in micro-dollars: what it would have cost alone. */
export function costInAll(
  own: Pick<ExecutionDocument, 'steps' | 'costMicroUsd'>,
  other: Pick<ExecutionDocument, 'steps'>,
): number {
  const takenOver = new Set(own.steps.flatMap(({ key, forkedFrom }) => (forkedFrom === null ? [] : key)));
  const paidThere = other.steps.filter(({ key }) => takenOver.has(key));
  return paidThere.reduce((sum, { usage }) => sum + (usage?.costMicroUsd ?? 0), own.costMicroUsd);
}

function sideOf(step: Step | undefined): SideStep | null {
  if (step === undefined) return null;
  const { status, startedAt, endedAt, usage, forkedFrom } = step;
  return {
    status,
    durationMs: endedAt === null ? null : Date.parse(endedAt) - Date.parse(startedAt),
    costMicroUsd: usage?.costMicroUsd ?? 0,
    tokens: (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0),
    isTakenOver: forkedFrom !== null,
  };
}

/** Where a fork comes from, as its metadata say; null for what is none. */
export function originOf({
  metadata,
}: Pick<ExecutionDocument, 'metadata'>): { readonly id: string; readonly step: string } | null {
  const origin = fieldOf(metadata, 'forkedFrom');
  const [id, step] = [fieldOf(origin, 'executionId'), fieldOf(origin, 'step')];
  return typeof id === 'string' && typeof step === 'string' ? { id, step } : null;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
