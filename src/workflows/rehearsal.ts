import { noFaults } from '../kernel/faults.ts';
import type { Failure } from '../kernel/failure.ts';
import type { Squad } from '../squads/squad.ts';
import type { Claim, Commit, Committed, JournalSession } from '../work/execution-store.ts';
import type { Journaled, StatusRecord } from '../work/journal.ts';
import { runOf } from './advance.ts';
import type { ConvoyPort } from './convoy-step.ts';
import type { Run } from './run.ts';
import type { RunServices } from './run-services.ts';
import type { Workflow } from './workflow.ts';

/** How the code of today gets along with the journal of an execution. */
export interface Rehearsal {
  /** Recorded steps that the code no longer comes to. */
  readonly gone: readonly string[];
  /** Recorded steps that the code gives something else than was recorded. */
  readonly changed: readonly string[];
  /** New steps that would begin where the rehearsal ended. */
  readonly next: readonly string[];
  /** With what the code would end the execution here; null when it would not fail. */
  readonly failure: Failure | null;
}

const unreachable = (): Promise<never> => Promise.reject(new Error('Unreachable: a rehearsal begins no step.'));
const noConvoys: ConvoyPort = { create: unreachable, results: unreachable };

/** Code between steps is quick; what takes longer than this would hold up a replay, too. */
const stallTimeoutMs = 2_000;

/**
 * Replays an execution up to the point where new work would begin, and does none of it: the run is told to drain before it
 * starts, so it begins no step, and its commits go nowhere.
 */
export async function rehearse(
  past: Omit<Claim, 'session'>,
  workflow: Workflow,
  squad: Squad | null,
  services: Pick<RunServices, 'clock' | 'limits' | 'random' | 'asker'>,
): Promise<Rehearsal> {
  const session = new DrySession();
  const claim: Claim = { ...past, records: retold(past), signals: [], session };
  const { run, begin } = runOf(claim, workflow, squad, {
    ...services,
    limits: { ...services.limits, stallTimeoutMs: Math.min(services.limits.stallTimeoutMs, stallTimeoutMs) },
    faults: noFaults,
    convoys: noConvoys,
    room: { wait: () => false, leave: () => {} },
    onDelta: () => {},
    onCallEnd: () => {},
    onCommit: () => {},
    onBudgetRefusal: () => {},
    watch: () => null,
  });
  run.drain();
  const over = begin();
  const end = await session.rested;
  run.abandon(new Error('The rehearsal is over.'));
  await over;
  return report(run, claim.records, session.changed, end);
}

/** The journal as a replay of today would read it: a failed execution as retried, without counts of crashes and without old warnings. */
function retold({ execution, records }: Omit<Claim, 'session'>): readonly Journaled[] {
  const telling = records.filter(
    (record) =>
      !(record.kind === 'status' && record.reason === 'resumed') &&
      !(record.kind === 'step' && record.phase === 'warning'),
  );
  if (execution.status !== 'failed') return telling;
  const last = records.at(-1);
  return [...telling, { kind: 'status', status: 'queued', seq: (last?.seq ?? 0) + 1, at: last?.at ?? 0 }];
}

function report(run: Run, records: readonly Journaled[], changed: readonly string[], end: StatusRecord): Rehearsal {
  const { steps } = run.history;
  const { reached } = run;
  const isAsk = (key: string): boolean => [...reached].some((other) => other.startsWith(`${key}/`));
  // A step that failed for good may fail the workflow: that is as it was recorded.
  const hadFailed = records.some(
    (record) => record.kind === 'step' && record.phase === 'failed' && record.dueAt === null,
  );
  return {
    gone: [...steps.keys()].filter((key) => !reached.has(key)),
    changed,
    next: [...reached].filter((key) => !steps.has(key) && !isAsk(key)),
    failure: end.status === 'failed' && !hadFailed ? (end.error ?? null) : null,
  };
}

/** A session whose commits go nowhere. The first one that would park or end the run says that it has come to rest. */
class DrySession implements JournalSession {
  readonly epoch = 0;
  readonly isUnsure = false;
  readonly changed: string[] = [];
  readonly rested: Promise<StatusRecord>;
  #rest: (status: StatusRecord) => void = () => {};

  constructor() {
    this.rested = new Promise((resolve) => (this.#rest = resolve));
  }

  commit({ records }: Commit): Promise<Committed> {
    for (const record of records) {
      if (record.kind === 'status') this.#rest(record);
      else if (record.kind === 'step' && record.phase === 'warning') this.changed.push(record.key);
    }
    const isWarning = records.every((record) => record.kind === 'step' && record.phase === 'warning');
    // Whatever else would be written stays undone.
    return isWarning ? Promise.resolve({ awake: false, settled: [] }) : new Promise(() => {});
  }

  signals(): Promise<readonly []> {
    return Promise.resolve([]);
  }
}
