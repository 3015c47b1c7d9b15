import type { Clock, Timer } from '../../kernel/clock.ts';
import { formatDuration } from '../../kernel/duration.ts';
import { convoyProgress } from '../../orchestrator/convoys/convoy-document.ts';
import type { ConvoyStatus, CountedConvoy } from '../../work/convoy.ts';
import type { Terminal } from '../terminal.ts';
import type { Ink } from './ink.ts';
import { cutTo, widthOf } from './width.ts';

type Counts = CountedConvoy['counts'];
type Progress = ReturnType<typeof convoyProgress>;

const widestBar = 30;
const narrowestBar = 8;
/** Often enough to look alive, seldom enough to cost nothing. */
const frameMs = 100;
/** Where lines stay, such as in a log, they come less often. */
const lineMs = 2_000;

/**
 * How far a convoy is, for whoever waits for its end: on a terminal a bar that is painted over, else a line whenever something
 * has changed.
 */
export class ConvoyView implements Disposable {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #read: () => Counts | null;
  readonly #since: number;
  #timer: Timer | null = null;
  #last = '';

  /** `read` gives how many items are in which status now; null where that is not known. */
  constructor(terminal: Terminal, clock: Clock, read: () => Counts | null) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#read = read;
    this.#since = clock.now();
    this.#show();
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
    if (this.#terminal.isLive) this.#terminal.paint('\r\x1b[K');
  }

  #show(): void {
    const { isLive } = this.#terminal;
    this.#timer = this.#clock.setTimer(isLive ? frameMs : lineMs, () => this.#show());
    const counts = this.#read();
    if (counts === null) return;
    if (isLive) this.#terminal.paint(`\r${this.#frame(counts)}\x1b[K`);
    else this.#tell(progressText(convoyProgress({ counts }), plain));
  }

  #frame(counts: Counts): string {
    const took = secondsText(this.#clock.now() - this.#since);
    // The last column stays free: who writes there makes some terminals begin a new line.
    return progressLine(counts, this.#terminal.noteInk, this.#terminal.size().columns - 1, ` · ${took}`);
  }

  #tell(line: string): void {
    if (line !== this.#last) this.#terminal.note(line);
    this.#last = line;
  }
}

/** Whole seconds: parts of them would only flicker. */
function secondsText(ms: number): string {
  return ms < 1_000 ? '0s' : formatDuration(ms - (ms % 1_000)).replace('.0s', 's');
}

/** `[██████▒▒·····] 12 of 20 done, 5 running, 2 failed, 1 cancelled`; a narrow line has a shorter bar, or none. */
export function progressLine(counts: Counts, ink: Ink, width: number = Infinity, rest: string = ''): string {
  const progress = convoyProgress({ counts });
  const words = `${progressText(progress, plain)}${rest}`;
  const barWidth = Math.min(widestBar, width - widthOf(words) - '[] '.length);
  if (barWidth >= narrowestBar) return `[${bar(progress, barWidth, ink)}] ${progressText(progress, ink)}${rest}`;
  return widthOf(words) <= width ? `${progressText(progress, ink)}${rest}` : cutTo(words, Math.max(1, width));
}

/** The same in words alone. */
export function progressText(
  { total, completed, running, failed, cancelled }: Progress,
  ink: Pick<Ink, 'red' | 'yellow'>,
): string {
  return [
    `${completed} of ${total} done`,
    ...(running > 0 ? [`${running} running`] : []),
    ...(failed > 0 ? [ink.red(`${failed} failed`)] : []),
    ...(cancelled > 0 ? [ink.yellow(`${cancelled} cancelled`)] : []),
  ].join(', ');
}

/** Within a table, colours would count as characters. */
export const plain = { red: (text: string) => text, yellow: (text: string) => text };

/** The colour of a status, as executions have them; partial is some of both. */
export function convoyInkOf(status: ConvoyStatus, ink: Ink): (text: string) => string {
  const inks = { running: ink.cyan, completed: ink.green, partial: ink.yellow, failed: ink.red, cancelled: ink.dim };
  return inks[status];
}

/** What is over is full, what runs half full; full from end to end only when all is over. */
function bar({ total, completed, running, failed, cancelled }: Progress, barWidth: number, ink: Ink): string {
  const width = (count: number): number => (count === 0 ? 0 : Math.max(1, Math.floor((count / total) * barWidth)));
  const isOver = completed + failed + cancelled === total;
  const broken = width(failed + cancelled);
  const done = isOver ? barWidth - broken : Math.min(width(completed), barWidth - broken - 1);
  const half = Math.min(width(running), barWidth - broken - done);
  const rest = barWidth - broken - done - half;
  return `${ink.green('█'.repeat(done))}${'▒'.repeat(half)}${ink.red('█'.repeat(broken))}${ink.dim('·'.repeat(rest))}`;
}
