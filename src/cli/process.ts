import { readTerminalSettings } from '../config/terminal-settings.ts';
import { Cli } from './cli.ts';
import type { ExitCode } from './exit-code.ts';
import { parseCommandLine } from './program.ts';
import { processTerminal } from './terminal.ts';

/** Does what the command line of this process says. */
export function runProcess(): Promise<ExitCode> {
  const settings = readTerminalSettings();
  const terminal = processTerminal(settings);
  return parseCommandLine(process.argv.slice(2), new Cli(terminal, settings.debugs), terminal);
}
