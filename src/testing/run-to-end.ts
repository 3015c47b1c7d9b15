import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSquadraIn } from '../compose.ts';
import { fixedAdmission } from '../flow/fixed-admission.ts';
import type { SquadraOptions } from '../compose.ts';
import { readSettings } from '../config/settings.ts';
import type { Squadra } from '../orchestrator/squadra.ts';
import type { Run } from '../orchestrator/run-handle.ts';
import type { Execution } from '../work/execution.ts';
import type { Outcome } from '../work/execution-store.ts';
import type { Journaled } from '../work/journal.ts';
import type { WorkItem } from '../work/work-item.ts';
import type { AnyWorkflow, Workflow } from '../workflows/workflow.ts';
import { Life } from './crash.ts';
import type { CrashPoint } from './crash.ts';
import { drive, quiet } from './drive.ts';
import { PreparedAnswers } from './prepared-answers.ts';
import type { PreparedAnswersOptions } from './prepared-answers.ts';
import { scriptedModel } from './scripted-model.ts';
import type { Script, ScriptedCall } from './scripted-model.ts';
import { TestClock } from './test-clock.ts';
import { filesIn } from './workspace-files.ts';

/** Beside what `openSquadra` takes: what comes from outside while the workflow runs. */
export interface RunToEndOptions extends Omit<SquadraOptions, 'stateDir'>, Partial<PreparedAnswersOptions> {
  /** Name of the squad. Where the workflow asks somebody and nothing is said, it is the template `software`. */
  readonly squad?: string;
  /** What members without a provider of their own answer; the offline script where absent. */
  readonly answers?: Script;
  /** Steps at which the process dies; the execution is taken up again from what is stored. Each is met once, in this order. */
  readonly crashAt?: string | CrashPoint | readonly (string | CrashPoint)[];
  /** A clock of the test's own, for workflows that take time on it. */
  readonly clock?: TestClock;
}

/** How it went. */
export interface EndedRun<O> {
  readonly id: string;
  readonly outcome: Outcome<O>;
  readonly execution: Execution;
  /** Every record, in the order of the commits. */
  readonly journal: readonly Journaled[];
  readonly items: readonly WorkItem[];
  /** What the scripted model was asked. */
  readonly calls: readonly ScriptedCall[];
  /** Text files of the workspace, by their path in it. */
  readonly files: Readonly<Record<string, string>>;
  /** How long it took on the test clock. */
  readonly durationMs: number;
}

/**
 * Runs a workflow to its end on a state of its own, which is removed afterwards. The clock is a test clock that jumps over
 * sleeps, pauses between retries and time-outs, so nothing takes longer than the work itself; the environment's settings
 * and keys do not count. Throws when the workflow waits for something that was not prepared, or never reaches a crash point.
 *
 * ```ts
 * import assert from 'node:assert';
 * import { defineWorkflow } from 'squadra';
 * import { runToEnd } from 'squadra/testing';
 *
 * const patient = defineWorkflow({
 *   name: 'patient',
 *   async run({ squad, step }) {
 *     const plan = await squad.ask('project_manager', 'Plan a login page.');
 *     await step.sleep('cool-down', '7d');
 *     return step.run('publish', () => plan.text.toUpperCase());
 *   },
 * });
 *
 * const { outcome, calls } = await runToEnd(patient, {}, { squad: 'software', answers: ['a plan'], crashAt: 'publish' });
 * assert.deepEqual(outcome, { status: 'completed', output: 'A PLAN' });
 * assert.equal(calls.length, 1);
 * ```
 */
export async function runToEnd<I = unknown, O = unknown>(
  workflow: Workflow<I, O> | string,
  input: I,
  options: RunToEndOptions = {},
): Promise<EndedRun<O>> {
  const folder = await mkdtemp(join(tmpdir(), 'squadra-test-'));
  try {
    return await runIn(folder, workflow, input, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runIn<I, O>(
  folder: string,
  workflow: Workflow<I, O> | string,
  input: I,
  options: RunToEndOptions,
): Promise<EndedRun<O>> {
  const { squad, answers, crashAt, signals = {}, approvals = {}, clock = new TestClock(), ...given } = options;
  const startedAt = clock.now();
  const prepared = new PreparedAnswers({ signals, approvals });
  const model = answers === undefined ? null : scriptedModel(answers, { clock });
  const opening: SquadraOptions = {
    ...given,
    stateDir: folder,
    // One reader is enough for one execution, and a thread less to start. What a provider turns away waits on disk, where only
    // the time has to be moved.
    settings: { logLevel: 'error', shutdownGrace: 0, readers: 1, ...given.settings, maxModelReturns: 0 },
    workflows: registered(workflow, given.workflows),
    // The provider that members without one of their own have where nothing is configured.
    ...(model === null ? {} : { models: { offline: model.asProvider(), ...given.models } }),
  };
  let id: string | null = null;
  let seq = 0;
  for (const point of [...crashPoints(crashAt), null]) {
    const life = new Life(point);
    const squadra = await openIn(opening, clock, life);
    try {
      id ??= (await squadra.submit(workflow, request(input, squad))).id;
      const run = squadra.run(id);
      const driven = await drive({ squadra, run, clock, prepared, life, after: seq });
      seq = driven.seq;
      if (driven.how === 'ended') {
        if (point !== null)
          throw new Error(
            `The execution ended without crashing ${point.when ?? 'after'} '${point.step}': no such step ended.`,
          );
        const ended = await report<O>(squadra, run, join(folder, 'out', id));
        return { ...ended, calls: model?.calls ?? [], durationMs: clock.now() - startedAt };
      }
    } finally {
      await close(squadra, clock);
    }
  }
  throw new Error('Unreachable: the last life has no crash point.');
}

function openIn(options: SquadraOptions, clock: TestClock, life: Life): Promise<Squadra> {
  return openSquadraIn(options, {
    clock,
    command: 'runToEnd',
    offlinePaceMs: 0,
    // They are looked for several times a second, which is a lot of looking in a week on a test clock.
    takesCommands: false,
    random: () => 0.5,
    readSettings: (overrides) => readSettings({}, overrides),
    // One execution keeps to no rates of others.
    openAdmission: ({ maxConcurrentModelCalls }) => fixedAdmission(maxConcurrentModelCalls),
    decorate: (executions) => life.store(executions),
  });
}

/** What a crash left in memory is interrupted at once: the grace period is over as soon as the clock says so. */
async function close(squadra: Squadra, clock: TestClock): Promise<void> {
  const closed = squadra[Symbol.asyncDispose]();
  await clock.advance(0);
  await closed;
}

async function report<O>(
  squadra: Squadra,
  run: Run,
  workspace: string,
): Promise<Omit<EndedRun<O>, 'calls' | 'durationMs'>> {
  await quiet(squadra);
  const journal: Journaled[] = [];
  for await (const event of run.events()) {
    if (event.event === 'text-delta' || event.event === 'text-so-far' || event.event === 'done') continue;
    const { event: _, ...record } = event;
    journal.push(record);
  }
  const { items } = await squadra.workItems.list({ executionId: run.id, limit: 200 });
  // The output was checked against the workflow's schema when it was committed; O is that schema's type.
  const outcome = (await run.result()) as Outcome<O>;
  return { id: run.id, outcome, execution: await run.get(), journal, items, files: await filesIn(workspace) };
}

function registered(workflow: AnyWorkflow | string, others: readonly AnyWorkflow[] = []): readonly AnyWorkflow[] {
  return typeof workflow === 'string' ? others : [...new Set([...others, workflow])];
}

/** An input that is a request is submitted as one, so that it is the first message of the execution. */
function request<I>(
  input: I,
  squad: string = 'software',
): { input: I; squad: string } | { message: string; squad: string } {
  const isRequest = typeof input === 'object' && input !== null && Object.keys(input).join() === 'message';
  const message: unknown = isRequest && 'message' in input ? input.message : null;
  return typeof message === 'string' && message.trim() !== '' ? { message, squad } : { input, squad };
}

function crashPoints(given: RunToEndOptions['crashAt']): readonly CrashPoint[] {
  if (given === undefined) return [];
  const list: readonly (string | CrashPoint)[] = Array.isArray(given) ? given : [given];
  return list.map((point) => (typeof point === 'string' ? { step: point } : point));
}
