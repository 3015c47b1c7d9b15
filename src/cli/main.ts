import { readTerminalSettings } from '../config/terminal-settings.ts';
import { Cli } from './cli.ts';
import { parseCommandLine } from './program.ts';
import { processTerminal } from './terminal.ts';

// This file starts its work when it is imported: bin/squadra.mjs and the launcher of a clone import it.
const settings = readTerminalSettings();
const terminal = processTerminal(settings);
const cli = new Cli(terminal, settings.debugs);
process.exitCode = await parseCommandLine(process.argv.slice(2), cli, terminal);
