import { Command } from 'commander';
import { migrateDatabase, moveToFleet, unsealFolder } from '../../compose/moving.ts';
import type { MoveProgress, MovedState } from '../../orchestrator/move-state.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import type { ExitCode } from '../exit-code.ts';
import { tell } from '../sending.ts';
import { formatCount } from '../view/figures.ts';

/** Between two lines about the same table. */
const noteEveryMs = 2_000;

/** `squadra migrate`: brings databases up to date, and states from one process to a fleet. */
export function migrateCommand(cli: Cli): Command {
  const migrate = new Command('migrate')
    .summary('bring the database of a fleet up to date, or a state into it')
    .description(
      'Brings the database of DATABASE_URL to the version of this Squadra, while processes of the version before go on.',
    )
    .action((_: object, command: Command) => cli.run(command, update));
  migrate
    .command('solo-to-fleet')
    .summary('move the state of this folder into the database')
    .description(
      'Copies the state of a stopped folder into the empty database of DATABASE_URL, executions in flight included, compares both, and seals the folder. Can be cut off at any time and started again.',
    )
    .action((_: object, command: Command) => cli.run(command, move));
  migrate
    .command('unseal')
    .summary('take a move back, as long as the fleet has done nothing')
    .description(
      'Makes the state folder usable again after it was moved, and keeps fleets from starting on the database of DATABASE_URL. Refused when the fleet has worked since.',
    )
    .option('--force', 'do not ask the database: what the fleet did is not in the folder')
    .action((options: { readonly force?: boolean }, command: Command) =>
      cli.run(command, (context) => unseal(context, options.force ?? false)),
    );
  return migrate;
}

async function update(context: CommandContext): Promise<ExitCode> {
  const { from, to } = await migrateDatabase(stateOptions(context.options));
  const sentence =
    from === to
      ? `The database has version ${to} already; nothing was changed.`
      : `The database was brought from version ${from} to ${to}.`;
  tell(context, { from, to }, sentence);
  return 0;
}

async function move(context: CommandContext): Promise<ExitCode> {
  const moved = await moveToFleet(stateOptions(context.options), progressNotes(context));
  tell(context, moved, sentenceOf(moved));
  return 0;
}

async function unseal(context: CommandContext, isForced: boolean): Promise<ExitCode> {
  const { stateDir, wasSealed } = await unsealFolder(stateOptions(context.options), isForced);
  const sentence = wasSealed
    ? `The state in ${stateDir} can be run again.`
    : `The state in ${stateDir} is not sealed; nothing was changed.`;
  tell(context, { stateDir, unsealed: wasSealed }, sentence);
  return 0;
}

function sentenceOf({ from, to, wasDone, tables }: MovedState): string {
  if (wasDone) return `The state of ${from} was moved to ${to} before; nothing was left to do.`;
  const executions = tables.find(({ table }) => table === 'executions')?.rows;
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const what =
    executions === undefined ? '' : `: ${formatCount(executions)} executions, ${formatCount(rows)} rows in all`;
  return `The state of ${from} is in ${to} now${what}. The folder is sealed; start the fleet.`;
}

/** A line for each table, and for a long one now and then another. */
function progressNotes({ options, terminal, clock }: CommandContext): (progress: MoveProgress) => void {
  let last = '';
  let notedAt = 0;
  return (progress) => {
    if (options.quiet || options.json || !('table' in progress)) return;
    const { stage, table, rows } = progress;
    const now = clock.now();
    if (`${stage} ${table}` === last && now - notedAt < noteEveryMs) return;
    last = `${stage} ${table}`;
    notedAt = now;
    terminal.note(`${stage} ${table}: ${formatCount(rows)} rows`);
  };
}
