import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import type { Cli } from './cli.ts';
import { approveCommand } from './commands/approve.ts';
import { budgetsCommand } from './commands/budgets.ts';
import { cancelCommand } from './commands/cancel.ts';
import { checkCommand } from './commands/check.ts';
import { convoyCommand } from './commands/convoy.ts';
import { convoysCommand } from './commands/convoys.ts';
import { costsCommand } from './commands/costs.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { forkCommand } from './commands/fork.ts';
import { initCommand } from './commands/init.ts';
import { keysCommand } from './commands/keys.ts';
import { listCommand } from './commands/list.ts';
import { migrateCommand } from './commands/migrate.ts';
import { patrolCommand } from './commands/patrol.ts';
import { pruneCommand } from './commands/prune.ts';
import { retryCommand } from './commands/retry.ts';
import { rolesCommand } from './commands/roles.ts';
import { runCommand } from './commands/run.ts';
import { schedulesCommand } from './commands/schedules.ts';
import { serveCommand } from './commands/serve.ts';
import { showCommand } from './commands/show.ts';
import { signalCommand } from './commands/signal.ts';
import { squadsCommand } from './commands/squads.ts';
import { startCommand } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import type { ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** In the order in which a newcomer meets them. */
const commands = [
  demoCommand,
  initCommand,
  runCommand,
  serveCommand,
  statusCommand,
  listCommand,
  showCommand,
  startCommand,
  retryCommand,
  forkCommand,
  cancelCommand,
  signalCommand,
  approveCommand,
  convoyCommand,
  convoysCommand,
  schedulesCommand,
  squadsCommand,
  rolesCommand,
  keysCommand,
  budgetsCommand,
  costsCommand,
  patrolCommand,
  checkCommand,
  pruneCommand,
  migrateCommand,
  doctorCommand,
];

/** Reads the command line and does what it says. */
export async function parseCommandLine(args: readonly string[], cli: Cli, terminal: Terminal): Promise<ExitCode> {
  const program = createProgram(cli, terminal);
  try {
    await program.parseAsync(args, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

function createProgram(cli: Cli, terminal: Terminal): Command {
  const program = new Command('squadra')
    .description('Runs squads of AI agents as durable workflows.')
    .version(packageVersion(), '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .option('--state-dir <folder>', 'where the state lives (default: SQUADRA_STATE_DIR, or .squadra)')
    .option('--config <file>', 'another squadra.yaml than the one in this folder')
    .option('--tenant <name>', 'whose data to work with', 'local')
    .option('--json', 'write JSON to standard output')
    .option('--quiet', 'write results only')
    .option('--verbose', 'show stacks of errors')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
    })
    .showHelpAfterError("'squadra --help' lists the commands, 'squadra <command> --help' explains one.")
    .exitOverride();
  for (const make of commands) program.addCommand(inherit(make(cli), program));
  return program;
}

/** Commands of commands too answer, show help and end as the program does. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const inner of command.commands) inherit(inner, command);
  return command;
}

function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}
