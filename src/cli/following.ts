import type { Run } from '../orchestrator/run-handle.ts';
import type { Squadra } from '../orchestrator/squadra.ts';
import type { Execution } from '../work/execution.ts';
import type { Squad } from '../squads/squad.ts';
import type { CommandContext } from './cli.ts';
import { JsonView } from './view/json-view.ts';
import { LiveView } from './view/live-view.ts';
import { PlainView } from './view/plain-view.ts';
import { noView } from './view/run-view.ts';
import type { RunView } from './view/run-view.ts';

/** How the watching ended: with the execution's end, or because somebody interrupted it. */
export interface Followed {
  readonly execution: Execution;
  readonly squad: Squad | null;
  readonly interrupted: boolean;
}

/** Shows an execution until it has ended or the signal comes. */
export async function follow(
  context: CommandContext,
  squadra: Squadra,
  run: Run,
  since: number,
  signal: AbortSignal,
): Promise<Followed> {
  const execution = await run.get();
  const squad = execution.squadId === null ? null : await squadra.squads.get(execution.squadId).catch(() => null);
  const view = chooseView(context);
  view.begin({ execution, squad, since });
  try {
    for await (const event of run.events({ signal })) {
      view.take(event);
      if (signal.aborted) break;
    }
  } finally {
    view.end();
  }
  return { execution: await run.get(), squad, interrupted: signal.aborted };
}

/** Opening a state resumes all that is unfinished in it: whoever asked for one thing should know. */
export function tellOfOthers({ options, terminal }: CommandContext, squadra: Squadra): void {
  const { running, ready, sleeping } = squadra.statistics().engine;
  const count = running + ready + sleeping;
  if (count === 0 || options.json || options.quiet) return;
  terminal.note(
    terminal.noteInk.dim(
      `${count} unfinished execution${count === 1 ? ' goes' : 's go'} on meanwhile: npx squadra list`,
    ),
  );
}

function chooseView({ options, terminal, clock }: CommandContext): RunView {
  if (options.json) return new JsonView(terminal);
  if (options.quiet) return noView;
  return terminal.isLive ? new LiveView(terminal, clock) : new PlainView(terminal, clock);
}
