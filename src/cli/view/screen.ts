/**
 * Lines at the bottom of a terminal that are painted over in place. Every frame is one write that leaves the cursor visible
 * and line wrapping on: a process that is killed between two frames leaves a terminal in order.
 */
export class Screen {
  readonly #write: (text: string) => void;
  #height = 0;
  #last = '';

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Replaces the lines of the frame before. Each has to fit the width of the terminal. */
  show(lines: readonly string[]): void {
    const frame = lines.map((line) => `${line}\x1b[K`).join('\n');
    if (frame === this.#last) return;
    const back = this.#height === 0 ? '' : `\x1b[${this.#height}A`;
    // Wrapping is off while a frame is drawn, so that a line wider than was thought spoils one line only.
    this.#write(`\x1b[?25l\x1b[?7l\r${back}${frame}\n\x1b[J\x1b[?7h\x1b[?25h`);
    this.#height = lines.length;
    this.#last = frame;
  }

  /** What is shown stays; the next frame begins below it. */
  leave(): void {
    this.#height = 0;
    this.#last = '';
  }
}
