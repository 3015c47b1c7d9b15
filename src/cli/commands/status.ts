import { Command } from 'commander';
import { openReports, placeOf } from '../../compose/outside.ts';
import type { StatePlace } from '../../compose/outside.ts';
import { durationMs } from '../../kernel/duration.ts';
import type { Clock } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { StateReports } from '../../orchestrator/state-reports.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import type { ExitCode } from '../exit-code.ts';
import { Interruption } from '../interruption.ts';
import { readStatus, statusDocument } from '../status-reading.ts';
import { safeJson } from '../view/safe-text.ts';
import { Screen } from '../view/screen.ts';
import { statusLines } from '../view/status-view.ts';

interface StatusOptions {
  readonly once?: boolean;
  readonly every: string;
}

/** Where nothing is painted over, there is room for all that was read. */
const mostListed = 200;
const fastestMs = 100;

/** `squadra status`: how everything stands. */
export function statusCommand(cli: Cli): Command {
  return new Command('status')
    .summary('how everything stands, live')
    .description(
      'Shows what runs, waits and ended, what needs a person, budgets near their ceiling, and how busy the process is that runs the state. In a terminal it is painted anew until Ctrl-C; elsewhere, with --once or with --json it is told once.',
    )
    .option('--once', 'tell it once')
    .option('--every <duration>', 'how often it is painted anew', '1s')
    .action((options: StatusOptions, command: Command) => cli.run(command, (context) => act(context, options)));
}

async function act(context: CommandContext, options: StatusOptions): Promise<ExitCode> {
  const everyMs = durationMs(options.every, '--every');
  if (everyMs < fastestMs) throw new SquadraError('INVALID_INPUT', `--every is '${options.every}'; use 100ms or more.`);
  await using state = await openReports(stateOptions(context.options));
  const { terminal, options: globals } = context;
  if (globals.json) terminal.out(safeJson(statusDocument(await readStatus(context, state), globals.tenant), 2));
  else if (options.once === true || !terminal.isLive) await tellOnce(context, state);
  else await watch(context, state, everyMs);
  return 0;
}

async function tellOnce(context: CommandContext, state: StateReports): Promise<void> {
  const { terminal } = context;
  const lines = statusLines(
    await readStatus(context, state),
    { ...place(context), width: terminal.columns(), mostListed },
    terminal.ink,
  );
  terminal.out(lines.join('\n'));
}

/** Paints it again and again, until it is interrupted: that is its end, not its failure. */
async function watch(context: CommandContext, state: StateReports, everyMs: number): Promise<void> {
  const { terminal, clock } = context;
  using interruption = new Interruption();
  const screen = new Screen((text) => terminal.paint(text));
  while (!interruption.signal.aborted) {
    const status = await readStatus(context, state);
    const { columns, rows } = terminal.size();
    // Twelve lines are always there; three lists share the rest.
    const room = Math.max(1, Math.floor((rows - 14) / 3));
    // The last column stays free: who writes there makes some terminals begin a new line.
    const frame = { ...place(context), width: Math.max(20, columns - 1), mostListed: room };
    screen.show(statusLines(status, frame, terminal.noteInk).slice(0, Math.max(4, rows - 1)));
    await pause(clock, everyMs, interruption.signal);
  }
  screen.leave();
}

function place({ options }: CommandContext): { readonly place: StatePlace; readonly tenant: string } {
  return { place: placeOf(stateOptions(options)), tenant: options.tenant };
}

/** Resolves after the time, or when the signal aborts. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.setTimer(ms, resolve);
  signal.addEventListener('abort', () => (timer.cancel(), resolve()), { once: true });
  return promise;
}
