import { z } from 'zod';
import type { Json } from '../kernel/json.ts';
import type { Failure } from '../kernel/failure.ts';
import type { Execution, ExecutionStatus } from '../work/execution.ts';
import type { Journaled } from '../work/journal.ts';
import { addUsage } from '../work/usage.ts';
import type { Usage } from '../work/usage.ts';
import { stepDocuments } from './execution-document.ts';
import type { StepDocument, StepStatus } from './execution-document.ts';

/** An execution with its journal. */
export interface Compared {
  readonly execution: Execution;
  readonly records: readonly Journaled[];
}

/** One of two executions that stand side by side. */
export interface ComparedSide {
  readonly id: string;
  readonly status: ExecutionStatus;
  readonly workflow: string;
  readonly squadId: string | null;
  readonly squadVersion: number | null;
  readonly forkedFrom: ForkedFrom | null;
  readonly output: Json;
  readonly error: Failure | null;
  readonly reason: string | null;
  /** From its first start to its end; null while it is not over. */
  readonly durationMs: number | null;
  /** Steps, those taken over included. */
  readonly steps: number;
  /** Steps taken over from another execution, which cost nothing here. */
  readonly takenOver: number;
  /** What was paid for here. */
  readonly usage: Usage;
  /** With what the steps cost that it took over from the other side; the same as `usage` where there are none. */
  readonly usageInAll: Usage;
}

/** How a step went on one side. */
export interface ComparedStep {
  readonly status: StepStatus;
  readonly durationMs: number | null;
  readonly usage: Usage | null;
  readonly isTakenOver: boolean;
}

export interface Comparison {
  readonly left: ComparedSide;
  readonly right: ComparedSide;
  /** Every step of either, in the order of the left one, then of the right one; null where a side does not have it. */
  readonly steps: readonly {
    readonly key: string;
    readonly left: ComparedStep | null;
    readonly right: ComparedStep | null;
  }[];
}

const forkedFrom = z.object({
  executionId: z.string(),
  step: z.string(),
  set: z.record(z.string(), z.record(z.string(), z.union([z.string(), z.number(), z.null()]))).exactOptional(),
});

/** Where a fork comes from, as its metadata say. */
export type ForkedFrom = Readonly<z.infer<typeof forkedFrom>>;

/** Null for an execution that is no fork. */
function forkedFromOf({ metadata }: Pick<Execution, 'metadata'>): ForkedFrom | null {
  return z.object({ forkedFrom }).safeParse(metadata).data?.forkedFrom ?? null;
}

/** Two executions side by side, most telling when one is a fork of the other. */
export function compareExecutions(left: Compared, right: Compared): Comparison {
  const [leftSteps, rightSteps] = [stepsByKey(left), stepsByKey(right)];
  return {
    left: sideOf(left.execution, leftSteps, rightSteps),
    right: sideOf(right.execution, rightSteps, leftSteps),
    steps: [...new Set([...leftSteps.keys(), ...rightSteps.keys()])].map((key) => ({
      key,
      left: comparedStep(leftSteps.get(key)),
      right: comparedStep(rightSteps.get(key)),
    })),
  };
}

type Steps = ReadonlyMap<string, StepDocument>;

function stepsByKey({ records }: Compared): Steps {
  return new Map(stepDocuments(records).map((step) => [step.key, step]));
}

function sideOf(execution: Execution, own: Steps, other: Steps): ComparedSide {
  const { id, status, workflow, squadId, squadVersion, output, error, reason, usage, startedAt, endedAt } = execution;
  const takenOver = [...own.values()].filter((step) => step.forkedFrom !== null);
  const paidThere = takenOver.flatMap(({ key }) => other.get(key)?.usage ?? []);
  return {
    id,
    status,
    workflow,
    squadId,
    squadVersion,
    forkedFrom: forkedFromOf(execution),
    output,
    error,
    reason,
    durationMs: startedAt === null || endedAt === null ? null : endedAt - startedAt,
    steps: own.size,
    takenOver: takenOver.length,
    usage,
    usageInAll: paidThere.reduce(addUsage, usage),
  };
}

function comparedStep(step: StepDocument | undefined): ComparedStep | null {
  if (step === undefined) return null;
  const { status, usage, startedAt, endedAt, forkedFrom: origin } = step;
  return {
    status,
    durationMs: endedAt === null ? null : Date.parse(endedAt) - Date.parse(startedAt),
    usage,
    isTakenOver: origin !== null,
  };
}
