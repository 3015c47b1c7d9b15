import type { Terminal } from '../../../src/cli/terminal.ts';
import { createInk } from '../../../src/cli/view/ink.ts';

/** A terminal that keeps what was written to it. */
export class FakeTerminal implements Terminal {
  readonly outs: string[] = [];
  readonly notes: string[] = [];
  readonly painted: string[] = [];
  readonly isLive: boolean;
  readonly ink = createInk(false);
  readonly noteInk = createInk(false);
  readonly #columns: number;
  readonly #rows: number;

  constructor({ isLive = true, columns = 80, rows = 24 } = {}) {
    this.isLive = isLive;
    this.#columns = columns;
    this.#rows = rows;
  }

  out(text: string): void {
    this.outs.push(text);
  }

  note(text: string): void {
    this.notes.push(text);
  }

  paint(text: string): void {
    this.painted.push(text);
  }

  columns(): number {
    return this.#columns;
  }

  size(): { columns: number; rows: number } {
    return { columns: this.#columns, rows: this.#rows };
  }

  /** What a person would see: the frames played on a screen that knows the sequences they use. */
  get screen(): string[] {
    const lines: string[] = [];
    let row = 0;
    for (const frame of this.painted) {
      let written = '';
      for (const piece of frame.split('\x1b[')) {
        const [sequence = '', rows = '', command = ''] = /^\??(\d*)([A-Za-z])/.exec(piece) ?? [];
        if (command === 'A') row -= Number(rows);
        if (command === 'K') lines[row] = written;
        if (command === 'J') lines.length = row;
        for (const text of piece.slice(sequence.length).replaceAll('\r', '').split(/(\n)/)) {
          if (text === '\n') row++;
          written = text === '\n' ? '' : written + text;
        }
      }
    }
    return lines;
  }
}
