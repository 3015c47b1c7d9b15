import { isEnded } from '../work/execution.ts';
import type { CommandContext } from './cli.ts';
import type { ExitCode } from './exit-code.ts';
import type { Followed } from './following.ts';
import { failureLines, outcomeDocument, outputText, summaryLine } from './view/outcome.ts';
import { safeJson, safeLine } from './view/safe-text.ts';

/** Writes the result of what was followed, or how to go on with it. */
export function conclude(context: CommandContext, followed: Followed, resume: string): ExitCode {
  const { options, terminal } = context;
  const { execution } = followed;
  if (options.json) terminal.out(safeJson(outcomeDocument(execution)));
  if (!isEnded(execution.status)) {
    terminal.note('Interrupted. The steps in hand are finished first; a second Ctrl-C leaves at once.');
    terminal.note(`Go on with: ${resume}`);
    return 130;
  }
  const exitCode = conclusion(context, followed);
  if (execution.status === 'completed' && !options.json) terminal.out(outputText(execution.output).trimEnd());
  return exitCode;
}

/** Says how it ended, without its result. */
export function conclusion({ options, terminal, clock }: CommandContext, { execution }: Followed): ExitCode {
  const { id, status, error, reason } = execution;
  if (!options.quiet) terminal.note(summaryLine(execution, terminal.noteInk, clock.now()));
  if (status === 'failed' && error !== null) {
    for (const line of failureLines(error, terminal.noteInk)) terminal.note(line);
    terminal.note(`What happened: squadra show ${id}\nAgain from where it failed: squadra retry ${id}`);
  }
  if (status === 'cancelled' && reason !== null) terminal.note(`Cancelled: ${safeLine(reason)}`);
  return status === 'completed' ? 0 : 1;
}
