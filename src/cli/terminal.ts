import type { TerminalSettings } from '../config/terminal-settings.ts';
import { createInk } from './view/ink.ts';
import type { Ink } from './view/ink.ts';

/** Where a command writes: results to `out`, what it says about them to `note`. */
export interface Terminal {
  /** A line (or more) of the result, to standard output. */
  out(text: string): void;
  /** A line (or more) for whoever watches, to standard error. */
  note(text: string): void;
  /** Text as it is, to standard error: for frames that paint over themselves. */
  paint(text: string): void;
  /** Whether a person watches standard error on a terminal that can be painted over. */
  readonly isLive: boolean;
  /** Colours of results, and of notes. */
  readonly ink: Ink;
  readonly noteInk: Ink;
  /** Width to which results are cut; null where nothing has to fit (a file, a pipe). */
  columns(): number | null;
  size(): { readonly columns: number; readonly rows: number };
}

/** The terminal of this process. */
export function processTerminal(settings: TerminalSettings): Terminal {
  const { stdout, stderr } = process;
  const colours = (stream: NodeJS.WriteStream): boolean => settings.colours ?? stream.isTTY === true;
  for (const stream of [stdout, stderr]) {
    // `squadra list | head` closes the pipe early, which is no failure.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
      throw error;
    });
  }
  return {
    out: (text) => void stdout.write(`${text}\n`),
    note: (text) => void stderr.write(`${text}\n`),
    paint: (text) => void stderr.write(text),
    isLive: stderr.isTTY === true && settings.repaints,
    ink: createInk(colours(stdout)),
    noteInk: createInk(colours(stderr)),
    columns: () => (stdout.isTTY === true ? stdout.columns : null),
    size: () => ({ columns: stderr.columns || 80, rows: stderr.rows || 24 }),
  };
}
