import { Command } from 'commander';
import { z } from 'zod';
import { sendCommand } from '../../compose.ts';
import { openReports } from '../../compose/outside.ts';
import type { CommandResult } from '../../orchestrator/command-route.ts';
import { scheduleSummary } from '../../orchestrator/schedules/schedule-document.ts';
import type { Schedule } from '../../work/schedule.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import type { ExitCode } from '../exit-code.ts';
import { loadProject } from '../project.ts';
import { openIfThere } from '../reports.ts';
import { allSchedules, findSchedule } from '../schedule-name.ts';
import { readSchedule } from '../schedule-options.ts';
import type { TypedSchedule } from '../schedule-options.ts';
import { send, tell, timeoutMs } from '../sending.ts';
import { formatAge, formatCount } from '../view/figures.ts';
import { safeJson, safeLine } from '../view/safe-text.ts';
import { rhythmText } from '../view/schedule-view.ts';
import { table } from '../view/table.ts';

/** `squadra schedules`: work that is begun again and again. */
export function schedulesCommand(cli: Cli): Command {
  const schedules = new Command('schedules')
    .summary('work that is begun again and again: list, create, pause, resume, delete')
    .description(
      'Lists, creates, pauses, resumes and deletes schedules. They tick while somebody runs the state, such as `squadra serve`.',
    );
  schedules
    .command('list', { isDefault: true })
    .summary('the schedules there are, with their next ticks')
    .description('Lists the schedules of the tenant, newest first.')
    .action((_: object, command: Command) => cli.run(command, list));
  schedules.addCommand(createCommand(cli));
  const changes = [
    ['pause', 'begin nothing of it until it is resumed', 'Ticks of a pause are not made up for.'],
    ['resume', 'have it tick again', 'It goes on with its next tick.'],
    ['delete', 'delete it', 'What waits of it is cancelled; what is under way goes on.'],
  ] as const;
  for (const [name, summary, description] of changes)
    schedules
      .command(name)
      .summary(summary)
      .description(description)
      .argument('<schedule>', 'its name, its id, or the beginning of that')
      .action((text: string, _: object, command: Command) =>
        cli.run(command, (context) => (name === 'delete' ? remove(context, text) : set(context, text, name))),
      );
  return schedules;
}

function createCommand(cli: Cli): Command {
  return new Command('create')
    .summary('have work begun by a cron expression, or at intervals')
    .description('Creates a schedule. Give --cron or --every, and what is to be done with --message or --input.')
    .option('--cron <expression>', "minute, hour, day, month and day of the week: '0 9 * * mon-fri'")
    .option('--every <duration>', 'such as 30m or 12h; a second at least')
    .option('--timezone <name>', 'of --cron, such as Europe/Berlin (default: UTC)')
    .option('--message <text>', 'the request')
    .option('--input <json>', 'what the workflow takes, instead of a message')
    .option('--squad <name>', 'who does it (default: software)')
    .option('--workflow <name>', 'how it is done (default: pipeline)')
    .option('--name <name>', 'what to call it; unique')
    .option('--priority <number>', 'of its executions, -100 to 100')
    .option('--overlap <rule>', 'a tick while earlier work is open: skip (default), or queue behind it')
    .option('--missed <rule>', 'ticks while nothing ran: skip, once (default: made up for by one), or all')
    .action((typed: TypedSchedule, command: Command) => cli.run(command, (context) => create(context, typed)));
}

async function list({ options, terminal, clock }: CommandContext): Promise<ExitCode> {
  await using state = await openIfThere(() => openReports(stateOptions(options)));
  const schedules = state === null ? [] : await allSchedules(state.schedules, options.tenant);
  if (options.json) {
    terminal.out(safeJson({ items: schedules.map(scheduleSummary) }, 2));
    return 0;
  }
  if (schedules.length === 0) {
    if (!options.quiet) terminal.note('There is no schedule; `squadra schedules create` makes one.');
    return 0;
  }
  const now = clock.now();
  const age = (at: number | null): string => (at === null ? '-' : formatAge(at, now));
  const columns = [
    { title: 'ID', text: ({ id }: Schedule) => id, paint: terminal.ink.bold },
    { title: 'STATUS', text: ({ status }: Schedule) => status },
    { title: 'WHEN', text: ({ rhythm }: Schedule) => safeLine(rhythmText(rhythm)) },
    { title: 'NEXT', text: ({ nextAt }: Schedule) => age(nextAt) },
    { title: 'LAST', text: ({ lastTick }: Schedule) => age(lastTick) },
    { title: 'FIRED', text: ({ counts }: Schedule) => formatCount(counts.fired), right: true },
    { title: 'SKIPPED', text: ({ counts }: Schedule) => formatCount(counts.skipped), right: true },
    { title: 'MISSED', text: ({ counts }: Schedule) => formatCount(counts.missed), right: true },
    { title: 'WORKFLOW', text: ({ workflow }: Schedule) => safeLine(workflow) },
    { title: 'NAME', text: ({ name }: Schedule) => safeLine(name ?? '-'), flexible: true },
  ];
  terminal.out(table(schedules, columns, terminal.columns(), terminal.ink));
  return 0;
}

const createdSchema = z.looseObject({ id: z.string(), upcoming: z.array(z.string()) });

async function create(context: CommandContext, typed: TypedSchedule): Promise<ExitCode> {
  const { options } = context;
  const request = readSchedule(typed);
  // Where nobody runs the state it is checked here, against the workflows of this folder.
  const { workflows = [] } = (await loadProject(options.config)).opening;
  const result = await sendCommand(
    { ...stateOptions(options), workflows },
    { tenant: options.tenant, name: 'createSchedule', body: { request } },
    timeoutMs,
  );
  const { id, upcoming } = createdSchema.parse(result.value);
  tell(context, createdSchema.parse(result.value), `Schedule ${id} ticks next at ${upcoming.slice(0, 3).join(', ')}.`);
  tellWhoTicks(context, result);
  return 0;
}

async function set(context: CommandContext, text: string, change: 'pause' | 'resume'): Promise<ExitCode> {
  const { tenant } = context.options;
  const id = await findSchedule(context, text);
  const status = change === 'pause' ? 'paused' : 'active';
  const result = await send(context, { tenant, name: 'setSchedule', body: { id, status } });
  const schedule = createdSchema.parse(result.value);
  const [next] = schedule.upcoming;
  tell(
    context,
    schedule,
    next === undefined ? `Schedule ${id} is ${status}.` : `Schedule ${id} ticks next at ${next}.`,
  );
  if (status === 'active') tellWhoTicks(context, result);
  return 0;
}

async function remove(context: CommandContext, text: string): Promise<ExitCode> {
  const id = await findSchedule(context, text);
  await send(context, { tenant: context.options.tenant, name: 'removeSchedule', body: { id } });
  tell(context, { id }, `Schedule ${id} is deleted.`);
  return 0;
}

/** What follows from nobody running the state: nothing ticks. */
function tellWhoTicks({ options, terminal }: CommandContext, { isOwned }: CommandResult): void {
  if (!isOwned && !options.json && !options.quiet)
    terminal.note('Nothing runs this state now; schedules tick while it runs: npx squadra serve');
}
