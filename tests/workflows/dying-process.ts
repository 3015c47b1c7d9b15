import { openSquadraIn } from '../../src/compose.ts';
import type { SquadraOptions } from '../../src/compose.ts';
import { readSettings } from '../../src/config/settings.ts';
import type { Run } from '../../src/orchestrator/run-handle.ts';
import type { Squadra } from '../../src/orchestrator/squadra.ts';
import type { Approval } from '../../src/work/approval-store.ts';
import type { Outcome } from '../../src/work/execution-store.ts';
import type { JournalSession } from '../../src/work/execution-store.ts';
import { wrapSessions } from '../support/wrap-sessions.ts';

/** A process dies at the commit of this number, before it is written or right after. */
export interface Death {
  readonly commit: number;
  readonly when: 'before' | 'after';
}

/** How a life ended: with an outcome of the execution, or with its death. */
export interface LifeEnd {
  readonly outcome: Outcome<unknown> | null;
  readonly run: Run;
  /** Commits of the run in this life. */
  readonly commits: number;
}

const never = new Promise<never>(() => {});

/** Opens the state, submits or takes up the one execution in it, and looks after it until it ends or the process dies. */
export async function live(
  options: SquadraOptions & { readonly stateDir: string },
  {
    workflow,
    squad,
    death,
    answer,
  }: {
    readonly workflow: string;
    readonly squad: string;
    readonly death: Death | null;
    /** What a person says to an approval. */
    readonly answer: (approval: Approval) => string;
  },
  look: (squadra: Squadra, run: Run) => Promise<void> = async () => {},
): Promise<LifeEnd> {
  let commits = 0;
  const { promise: died, resolve: die } = Promise.withResolvers<null>();
  let isOver = false;
  const wrap = (session: JournalSession): JournalSession => ({
    epoch: session.epoch,
    get isUnsure() {
      return session.isUnsure;
    },
    signals: () => (isOver ? never : session.signals()),
    commit: async (commit) => {
      if (isOver) return never;
      const isLast = ++commits === death?.commit;
      if (!isLast) return session.commit(commit);
      isOver = true;
      if (death.when === 'after') await session.commit(commit);
      die(null);
      return never;
    },
  });
  const squadra = await openSquadraIn(
    { ...options, settings: { logLevel: 'silent', shutdownGrace: 0, readers: 1, ...options.settings } },
    {
      decorate: (executions) => wrapSessions(executions, wrap),
      random: () => 0,
      readSettings: (overrides) => readSettings({}, overrides),
    },
  );
  try {
    const [known] = (await squadra.list()).items;
    const run = known === undefined ? await squadra.submit(workflow, { input: {}, squad }) : squadra.run(known.id);
    const stop = new AbortController();
    const answering = answerAll(squadra, run, answer, stop.signal);
    const outcome = await Promise.race([run.result(), died]);
    stop.abort();
    await answering;
    if (outcome !== null) await look(squadra, run);
    return { outcome, run, commits };
  } finally {
    await squadra[Symbol.asyncDispose]();
  }
}

/** Answers what people are asked whenever the execution comes to rest. */
async function answerAll(
  squadra: Squadra,
  run: Run,
  answer: (approval: Approval) => string,
  signal: AbortSignal,
): Promise<void> {
  for await (const event of run.events({ signal })) {
    if (event.event !== 'step' || event.type !== 'approval' || event.phase !== 'waiting') continue;
    for (const approval of (await squadra.approvals.list({ status: 'pending' })).items)
      await squadra.approvals.answer(approval.id, { choice: answer(approval), by: 'test' });
  }
}
