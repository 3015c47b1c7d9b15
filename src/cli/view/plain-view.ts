import { formatDuration } from '../../kernel/duration.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { SquadraEvent } from '../../orchestrator/events.ts';
import type { Terminal } from '../terminal.ts';
import { formatAge, formatCost, formatLeft, formatTokens } from './figures.ts';
import { People } from './people.ts';
import { Progress } from './progress.ts';
import type { StepProgress } from './progress.ts';
import type { RunView, Watched } from './run-view.ts';
import { safeLine } from './safe-text.ts';
import { awaited } from './waiting.ts';
import { cutTo } from './width.ts';

/** A cause longer than this is read with `squadra show`. */
const maxErrorWidth = 300;
const maxResultWidth = 100;

/** One line for everything that happens: for logs, pipes, and terminals that cannot be painted over. */
export class PlainView implements RunView {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  #progress = new Progress(0);
  #people = new People(null);
  #id = '';
  /** Lines that were written, so that a step that parks and comes back is told once. */
  readonly #told = new Map<string, string>();

  constructor(terminal: Terminal, clock: Clock) {
    this.#terminal = terminal;
    this.#clock = clock;
  }

  begin({ execution, squad, since }: Watched): void {
    this.#progress = new Progress(since);
    this.#people = new People(squad);
    this.#id = execution.id;
    this.#terminal.note(
      `Execution ${execution.id}: ${execution.workflow}${squad === null ? '' : `, squad ${safeLine(squad.name)}`}`,
    );
  }

  take(event: SquadraEvent): void {
    const step = this.#progress.take(event);
    // Of what went before, only how it ended is of interest.
    if (step === null || (step.isEarlier && (step.state === 'working' || step.state === 'retrying'))) return;
    const line = this.#line(step);
    if (this.#told.get(step.name) === line) return;
    this.#told.set(step.name, line);
    this.#terminal.note(line);
  }

  end(): void {}

  #line(step: StepProgress): string {
    const ink = this.#terminal.noteInk;
    const who = ink.bold(this.#people.nameOf(step.memberId, step.name));
    if (step.warning !== null) return `${ink.yellow('!')} ${who}: ${safeLine(step.warning)}`;
    const error = cutTo(safeLine(step.error ?? ''), maxErrorWidth);
    switch (step.state) {
      case 'working':
        if (step.toolResult !== null) return `  ${who} · ${cutTo(step.toolResult, maxResultWidth)}`;
        return `${ink.cyan('>')} ${who} works${step.attempt > 1 ? ` (attempt ${step.attempt})` : ''}`;
      case 'waiting':
        return this.#waiting(who, step);
      case 'retrying':
        if (step.wasInDoubt) return `${ink.yellow('!')} ${who}: a crash cut off attempt ${step.attempt}; asked again`;
        return `${ink.yellow('!')} ${who} failed (attempt ${step.attempt}): ${error}; again ${formatAge(step.dueAt ?? 0, this.#clock.now())}`;
      case 'failed':
        return `${ink.red('x')} ${who} failed: ${error}`;
      case 'done':
        return `${ink.green('+')} ${who} ${doneText(step)}`;
    }
  }

  #waiting(who: string, step: StepProgress): string {
    const { what, command } = awaited(this.#id, step.name, step.details);
    const until = step.dueAt === null ? '' : ` (${formatLeft(step.dueAt, this.#clock.now())})`;
    return `${this.#terminal.noteInk.yellow('?')} ${who} waits ${what}${until}${command === null ? '' : `\n    ${command}`}`;
  }
}

/** `done already, not paid again`, or what it took. */
export function doneText(step: StepProgress): string {
  if (step.isEarlier) return `done already, not run again${step.usage.modelCalls > 0 ? ' and not paid again' : ''}`;
  const took = formatDuration((step.endedAt ?? step.startedAt) - step.startedAt);
  if (step.usage.modelCalls === 0) return 'done';
  const tools = step.toolCalls === 0 ? '' : ` with ${step.toolCalls} tool call${step.toolCalls === 1 ? '' : 's'}`;
  return `done in ${took}${tools}: ${formatTokens(step.usage)}, ${formatCost(step.usage)}`;
}
