import { inspect } from 'node:util';
import { SquadraError } from '../kernel/errors.ts';
import { toFailure } from '../kernel/failure.ts';
import type { GlobalOptions } from './cli.ts';
import type { Terminal } from './terminal.ts';
import { safeJson, safeText } from './view/safe-text.ts';

/** Says what happened, its code, and what to do next; a stack only to those who asked for details. */
export function reportError(
  error: unknown,
  terminal: Terminal,
  { json, verbose }: Pick<GlobalOptions, 'json' | 'verbose'>,
): void {
  const ink = terminal.noteInk;
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof SquadraError ? error.code : null;
  if (json) {
    const { stack, ...failure } = toFailure(error);
    const help = error instanceof SquadraError ? { help: error.help } : {};
    terminal.out(safeJson({ error: { ...failure, ...help, ...(verbose ? { stack } : {}) } }));
  }
  terminal.note(`${ink.red('squadra:')} ${safeText(message)}${code === null ? '' : ink.dim(` [${code}]`)}`);
  // What is wrong with an argument is said by the message; the catalogue's line speaks to programs.
  if (error instanceof SquadraError && error.code !== 'INVALID_INPUT') terminal.note(`  ${error.help}`);
  if (verbose) terminal.note(ink.dim(safeText(inspect(error))));
}
