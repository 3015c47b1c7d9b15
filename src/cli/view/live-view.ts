import type { Clock, Timer } from '../../kernel/clock.ts';
import { formatDuration } from '../../kernel/duration.ts';
import type { SquadraEvent } from '../../orchestrator/events.ts';
import type { Terminal } from '../terminal.ts';
import { formatAge, formatCalls, formatCost, formatCount, formatLeft, formatTokens } from './figures.ts';
import { People } from './people.ts';
import { doneText } from './plain-view.ts';
import { Progress } from './progress.ts';
import type { StepProgress } from './progress.ts';
import type { RunView, Watched } from './run-view.ts';
import { safeLine, safeText } from './safe-text.ts';
import { Screen } from './screen.ts';
import { awaited } from './waiting.ts';
import { cutTo, padTo, widthOf, wrapTo } from './width.ts';

/** Ten frames a second look alive and cost next to nothing. */
const frameMs = 100;
const maxPanelLines = 8;
/** A rule of thumb, for text that is still on its way. */
const charactersPerToken = 4;
const maxNameWidth = 28;
const spinner = ['◐', '◓', '◑', '◒'];

/** A terminal's picture of the work: a line for each step, the text that streams under whoever says it, the sum below. */
export class LiveView implements RunView {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #screen: Screen;
  #watched: Watched | null = null;
  #progress = new Progress(0);
  #people = new People(null);
  #timer: Timer | null = null;
  #frame = 0;

  constructor(terminal: Terminal, clock: Clock) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#screen = new Screen((text) => terminal.paint(text));
  }

  begin(watched: Watched): void {
    this.#watched = watched;
    this.#progress = new Progress(watched.since);
    this.#people = new People(watched.squad);
    this.#tick();
  }

  take(event: SquadraEvent): void {
    this.#progress.take(event);
  }

  end(): void {
    this.#timer?.cancel();
    if (this.#watched === null) return;
    this.#screen.show(this.#lines(false).slice(0, -2));
    this.#screen.leave();
  }

  #tick(): void {
    this.#screen.show(this.#lines(true));
    this.#frame++;
    this.#timer = this.#clock.setTimer(frameMs, () => this.#tick());
  }

  #lines(isRunning: boolean): string[] {
    const { columns, rows } = this.#terminal.size();
    const width = Math.max(20, columns - 1);
    const steps = [...this.#progress.steps.values()];
    const open = steps.filter(({ state }) => state === 'working' && isRunning);
    const room = Math.max(4, rows - 4);
    const panelLines =
      open.length === 0 ? 0 : Math.max(1, Math.min(maxPanelLines, Math.floor((room - steps.length) / open.length)));
    const body = steps.flatMap((step) => [
      this.#row(step, width),
      ...this.#below(step, width, isRunning ? panelLines : 0),
    ]);
    const expected = isRunning ? this.#expected(steps) : [];
    const all = [...body, ...expected];
    // What does not fit is what has been done longest.
    const shown =
      isRunning && all.length > room
        ? [this.#terminal.noteInk.dim(`  … ${all.length - room} lines above`), ...all.slice(-room)]
        : all;
    return [...shown, '', this.#sum(width)];
  }

  #row(step: StepProgress, width: number): string {
    const ink = this.#terminal.noteInk;
    const name = padTo(cutTo(this.#people.nameOf(step.memberId, step.name), maxNameWidth), this.#nameWidth());
    const [mark, text] = this.#stateOf(step);
    return `${mark} ${ink.bold(name)}  ${ink.dim(cutTo(text, Math.max(8, width - widthOf(name) - 4)))}`;
  }

  #stateOf(step: StepProgress): readonly [mark: string, text: string] {
    const ink = this.#terminal.noteInk;
    const now = this.#clock.now();
    switch (step.state) {
      case 'working': {
        const attempt = step.attempt > 1 ? `attempt ${step.attempt}, ` : '';
        const since = Math.max(step.startedAt, this.#watched?.since ?? 0);
        const soFar =
          step.length === 0 ? '' : `, ~${formatCount(Math.ceil(step.length / charactersPerToken))} tokens so far`;
        return [
          ink.cyan(spinner[this.#frame % spinner.length] ?? '*'),
          `${attempt}at work for ${formatDuration(now - since)}${step.tool === null ? soFar : `, uses ${step.tool}`}`,
        ];
      }
      case 'waiting': {
        const { what } = awaited(this.#watched?.execution.id ?? '', step.name, step.details);
        return [ink.yellow('⏸'), `waits ${what}${step.dueAt === null ? '' : `, ${formatLeft(step.dueAt, now)}`}`];
      }
      case 'retrying':
        if (step.wasInDoubt) return [ink.yellow('↻'), `a crash cut off attempt ${step.attempt}; asked again`];
        return [
          ink.yellow('↻'),
          `attempt ${step.attempt} failed: ${safeLine(step.error ?? '')}; again ${formatAge(step.dueAt ?? now, now)}`,
        ];
      case 'failed':
        return [ink.red('✗'), `failed: ${safeLine(step.error ?? '')}`];
      case 'done':
        return [ink.green('✓'), doneText(step)];
    }
  }

  /** The end of the text that streams, or the command that a wait asks for. */
  #below(step: StepProgress, width: number, lines: number): string[] {
    const ink = this.#terminal.noteInk;
    if (step.state === 'waiting') {
      const { command } = awaited(this.#watched?.execution.id ?? '', step.name, step.details);
      return command === null ? [] : [`    ${cutTo(command, width - 4)}`];
    }
    if (step.state !== 'working' || lines === 0) return [];
    const text = safeText(step.text).replaceAll('\t', '  ').trimEnd();
    if (text === '') return [];
    const wrapped = text
      .split('\n')
      .slice(-lines)
      .flatMap((line) => wrapTo(line.slice(-width * lines), width - 4));
    return wrapped.slice(-lines).map((line) => `  ${ink.dim('│')} ${line}`);
  }

  /** In a pipeline it is known who comes next. */
  #expected(steps: readonly StepProgress[]): string[] {
    const { execution, squad } = this.#watched ?? {};
    if (execution?.workflow !== 'pipeline' || squad == null) return [];
    const begun = new Set(steps.map(({ memberId }) => memberId));
    const ink = this.#terminal.noteInk;
    return squad.members
      .filter(({ id }) => !begun.has(id))
      .map(({ id, role }) => ink.dim(`○ ${cutTo(this.#people.nameOf(id, role), maxNameWidth)}`));
  }

  #nameWidth(): number {
    const steps = [...this.#progress.steps.values()];
    return Math.min(
      maxNameWidth,
      Math.max(0, ...steps.map(({ memberId, name }) => widthOf(this.#people.nameOf(memberId, name)))),
    );
  }

  #sum(width: number): string {
    const { usage } = this.#progress;
    const since = this.#watched?.since ?? this.#clock.now();
    const parts = [formatDuration(this.#clock.now() - since)];
    if (usage.modelCalls > 0) parts.push(formatCalls(usage), formatTokens(usage), formatCost(usage));
    return this.#terminal.noteInk.dim(cutTo(`  ${parts.join(' · ')}`, width));
  }
}
