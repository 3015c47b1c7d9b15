import { SquadraError } from '../kernel/errors.ts';
import type { Inheritance, InheritedItem } from '../work/fork.ts';
import type { Journaled, MessageRecord, StepRecord } from '../work/journal.ts';
import type { WorkItem } from '../work/work-item.ts';
import { derivedId } from './approval-step.ts';

/** The execution that a fork comes from. */
export interface ForkedExecution {
  readonly id: string;
  readonly records: readonly Journaled[];
  readonly items: readonly WorkItem[];
}

/** Longer lists help nobody. */
const maxNamed = 30;

/**
 * What a fork takes over that goes its own way from `from` on: the key of a step, an ask or a scope.
 *
 * I1  Nothing of `from` itself, and nothing that could depend on what came out of it: what began after it had ended.
 * I2  Only what completed. What failed gets another chance, as in a retry.
 * I3  An ask that began before is taken over whole, as far as it came: its calls depend on nothing but its message.
 * I4  Records come in the order of the original's commits, so that a replay delivers them in that order; their usage is
 *     empty, because it was paid there.
 */
export function inheritanceOf(original: ForkedExecution, from: string, forkId: string): Omit<Inheritance, 'snapshot'> {
  const known = new KnownSteps(original, from);
  const taken = new Set([...known.completed].filter((key) => known.isTaken(key)));
  const asks = new Set([...known.asks].filter((ask) => [...taken].some((key) => key !== ask && isWithin(key, ask))));
  return {
    records: original.records.flatMap((record): (StepRecord | MessageRecord)[] => {
      if (record.kind === 'status') return [];
      if (record.kind === 'step') {
        const isTaken = record.phase === 'completed' && taken.has(record.key);
        return isTaken ? [forkedStep(record, original.id)] : [];
      }
      const { stepKey, kind } = record.message;
      const isTaken = stepKey !== null && (kind === 'ask' ? asks : taken).has(stepKey);
      return isTaken ? [{ kind: 'message', message: record.message }] : [];
    }),
    items: original.items.flatMap((item) =>
      item.stepKey !== null && asks.has(item.stepKey) ? [forkedItem(item, item.stepKey, known, taken, forkId)] : [],
    ),
  };
}

/** Whether a key is that of a step, ask or scope, or of something in it. */
function isWithin(key: string, outer: string): boolean {
  return key === outer || key.startsWith(`${outer}/`);
}

/** What the journal of the original says about its steps, seen from the place of the fork. */
class KnownSteps {
  readonly asks = new Set<string>();
  readonly completed = new Set<string>();
  readonly #from: string;
  /** The seq of the first record of each step, and of each ask. */
  readonly #began = new Map<string, number>();
  /** The seq of the record that ended each step. */
  readonly #ended = new Map<string, number>();
  /** What began after this may depend on `from`. */
  readonly #cut: number;

  constructor({ id, records, items }: ForkedExecution, from: string) {
    this.#from = from;
    for (const record of records) this.#note(record);
    const own = [...this.#began.keys()].filter((key) => isWithin(key, from));
    if (own.length === 0) throw unknownStep(id, from, [...this.#began.keys()]);
    const ends = own.flatMap((key) => this.#ended.get(key) ?? []);
    const isAnswered = items.some(({ stepKey, status }) => stepKey === from && status === 'completed');
    const hasFailed = own.some((key) => !this.completed.has(key) && this.#ended.has(key));
    if (!this.asks.has(from)) this.#cut = Math.min(Infinity, ...ends);
    else this.#cut = isAnswered || hasFailed ? Math.max(...ends) : Infinity;
  }

  isTaken(key: string): boolean {
    if (isWithin(key, this.#from)) return false;
    return (this.#began.get(this.#unitOf(key)) ?? Infinity) < this.#cut;
  }

  /** The outermost ask around a step in which `from` is not; else the step itself. */
  #unitOf(key: string): string {
    const parts = key.split('/');
    for (let length = 1; length < parts.length; length += 1) {
      const outer = parts.slice(0, length).join('/');
      if (this.asks.has(outer) && !isWithin(this.#from, outer)) return outer;
    }
    return key;
  }

  #note(record: Journaled): void {
    if (record.kind === 'message') {
      const { kind, stepKey } = record.message;
      if (kind !== 'ask' || stepKey === null) return;
      this.asks.add(stepKey);
      if (!this.#began.has(stepKey)) this.#began.set(stepKey, record.seq);
    } else if (record.kind === 'step' && record.phase !== 'warning') {
      const { key, phase, dueAt, seq } = record;
      if (!this.#began.has(key)) this.#began.set(key, seq);
      if (phase === 'completed') this.completed.add(key);
      if (phase === 'completed' || (phase === 'failed' && dueAt === null)) this.#ended.set(key, seq);
    }
  }
}

function forkedStep({ seq: _, at: __, ...record }: Journaled<StepRecord>, executionId: string): StepRecord {
  return { ...record, usage: null, details: JSON.stringify({ forkedFrom: executionId }) };
}

function forkedItem(
  item: WorkItem,
  stepKey: string,
  known: KnownSteps,
  taken: ReadonlySet<string>,
  forkId: string,
): InheritedItem {
  const { title, description, priority, memberId, context, metadata } = item;
  const isWhole = [...known.completed].every((key) => !isWithin(key, stepKey) || taken.has(key));
  return {
    id: derivedId(forkId, `item:${stepKey}`),
    title,
    description,
    priority,
    memberId,
    stepKey,
    context,
    metadata,
    artifacts: artifactsOf(item, taken),
    status: item.status === 'completed' && isWhole ? 'completed' : 'in_progress',
  };
}

/** Files that steps left which are not taken over are none of the fork's. */
function artifactsOf({ artifacts }: WorkItem, taken: ReadonlySet<string>): WorkItem['artifacts'] {
  if (!Array.isArray(artifacts)) return artifacts;
  return artifacts.filter((artifact) => {
    const isOfStep = typeof artifact === 'object' && artifact !== null && 'stepKey' in artifact;
    return !isOfStep || (typeof artifact.stepKey === 'string' && taken.has(artifact.stepKey));
  });
}

function unknownStep(id: string, from: string, keys: readonly string[]): SquadraError {
  const names = [...new Set(keys.map((key) => key.split('/')[0] ?? key))].slice(0, maxNamed);
  const hint = names.length === 0 ? 'it has none yet' : `it has ${names.map((name) => `'${name}'`).join(', ')}`;
  return new SquadraError('NOT_FOUND', `Execution ${id} has no step '${from}' to fork from; ${hint}.`, {
    details: { executionId: id, step: from },
  });
}
