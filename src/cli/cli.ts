import type { Command } from 'commander';
import { systemClock } from '../kernel/clock.ts';
import type { Clock } from '../kernel/clock.ts';
import { reportError } from './error-report.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCodeOf } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** The options that every command takes. */
export interface GlobalOptions {
  readonly stateDir?: string;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly tenant: string;
  readonly config?: string;
}

/** What a command works with. */
export interface CommandContext {
  readonly options: GlobalOptions;
  readonly terminal: Terminal;
  readonly clock: Clock;
}

/** What `openReports` and its like take of the global options. */
export function stateOptions({ stateDir }: GlobalOptions): { readonly stateDir?: string } {
  return stateDir === undefined ? {} : { stateDir };
}

/** Runs the actions of commands, and keeps the exit code of the one that ran. */
export class Cli {
  exitCode: ExitCode = 0;
  readonly #terminal: Terminal;
  readonly #debugs: boolean;

  constructor(terminal: Terminal, debugs: boolean) {
    this.#terminal = terminal;
    this.#debugs = debugs;
  }

  /** Makes the action of a command out of what it does. */
  async run(command: Command, act: (context: CommandContext) => Promise<ExitCode>): Promise<void> {
    const {
      json = false,
      quiet = false,
      verbose = false,
      tenant = 'local',
      stateDir,
      config,
    } = command.optsWithGlobals<Partial<GlobalOptions>>();
    const options: GlobalOptions = {
      json,
      quiet,
      verbose: verbose || this.#debugs,
      tenant,
      ...(stateDir === undefined ? {} : { stateDir }),
      ...(config === undefined ? {} : { config }),
    };
    try {
      this.exitCode = await act({ options, terminal: this.#terminal, clock: systemClock });
    } catch (error) {
      this.exitCode = exitCodeOf(error);
      reportError(error, this.#terminal, options);
    }
  }
}
