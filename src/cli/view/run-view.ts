import type { SquadraEvent } from '../../orchestrator/events.ts';
import type { Execution } from '../../work/execution.ts';
import type { Squad } from '../../squads/squad.ts';

/** What a view has to know before the first event. */
export interface Watched {
  readonly execution: Execution;
  readonly squad: Squad | null;
  /** When this process began to look; what was recorded before is shown as done already. */
  readonly since: number;
}

/** One way to show an execution while it runs. */
export interface RunView {
  begin(watched: Watched): void;
  take(event: SquadraEvent): void;
  /** Leaves the screen in order; nothing is shown after it. */
  end(): void;
}

/** Shows nothing: `--quiet`. */
export const noView: RunView = { begin: () => {}, take: () => {}, end: () => {} };
