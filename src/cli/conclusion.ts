import { isEnded } from '../work/execution.ts';
import { readProcessSettings } from '../config/settings.ts';
import type { CommandContext } from './cli.ts';
import { stateOptions } from './cli.ts';
import type { ExitCode } from './exit-code.ts';
import { interruptedText } from './interruption.ts';
import type { Followed } from './following.ts';
import { failureLines, outcomeDocument, outputText, summaryLine } from './view/outcome.ts';
import { safeJson, safeLine } from './view/safe-text.ts';
import { writtenFiles } from './work-files.ts';

/** Who wants to see more of them looks into the folder. */
const maxNamedFiles = 20;

/** Writes the result of what was followed, or how to go on with it. */
export function conclude(context: CommandContext, followed: Followed, resume: string): ExitCode {
  const { options, terminal } = context;
  const { execution } = followed;
  if (options.json) terminal.out(safeJson(outcomeDocument(execution)));
  if (!isEnded(execution.status)) {
    terminal.note(interruptedText(context));
    terminal.note(`Go on with: ${resume}`);
    return 130;
  }
  const exitCode = conclusion(context, followed);
  if (!options.json && !options.quiet) nameFiles(context, execution.id);
  if (execution.status === 'completed' && !options.json) terminal.out(outputText(execution.output).trimEnd());
  return exitCode;
}

/** Where the files are that came out of it. */
function nameFiles({ options, terminal }: CommandContext, id: string): void {
  const { stateDir } = readProcessSettings(stateOptions(options));
  const files = writtenFiles(stateDir, id);
  if (files.length === 0) return;
  const more = files.length > maxNamedFiles ? `\n  … ${files.length - maxNamedFiles} more` : '';
  const named = files.slice(0, maxNamedFiles).map((path) => `  ${safeLine(path)}`);
  terminal.note(`Files:\n${named.join('\n')}${more}`);
}

/** Says how it ended, without its result. */
export function conclusion({ options, terminal, clock }: CommandContext, { execution }: Followed): ExitCode {
  const { id, status, error, reason } = execution;
  if (!options.quiet) terminal.note(summaryLine(execution, terminal.noteInk, clock.now()));
  if (status === 'failed' && error !== null) {
    for (const line of failureLines(error, terminal.noteInk)) terminal.note(line);
    terminal.note(`What happened: npx squadra show ${id}\nAgain from where it failed: npx squadra retry ${id}`);
  }
  if (status === 'cancelled' && reason !== null) terminal.note(`Cancelled: ${safeLine(reason)}`);
  return status === 'completed' ? 0 : 1;
}
