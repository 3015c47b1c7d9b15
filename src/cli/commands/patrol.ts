import { Command } from 'commander';
import { openReports } from '../../compose/outside.ts';
import { durationMs } from '../../kernel/duration.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import type { ExitCode } from '../exit-code.ts';
import { parseWholeNumber } from '../number-argument.ts';
import { patrol, roundDocument, sinceText } from '../patrol.ts';
import type { Finding, Round, Thresholds } from '../patrol.ts';
import { openIfThere } from '../reports.ts';
import { safeJson, safeLine } from '../view/safe-text.ts';
import { table } from '../view/table.ts';

interface PatrolOptions {
  readonly stuckAfter: string;
  readonly overdueAfter: string;
  readonly queuedAfter: string;
  readonly waitingAfter: string;
  readonly failedWithin: string;
  readonly budget: string;
}

/** `squadra patrol`: is there anything that somebody should look at? */
export function patrolCommand(cli: Cli): Command {
  return (
    new Command('patrol')
      .summary('what is stuck, overdue, waiting for long, over budget, or failed of late')
      .description(
        'Looks for what somebody should see to, and changes nothing. Exits with 0 when nothing was found, with 1 when something was, and with 3 when it could not look: made for cron.',
      )
      // A step, and so a call of a model, may take ten minutes where nothing else is said.
      .option('--stuck-after <duration>', 'running, with nothing recorded for so long', '15m')
      .option('--overdue-after <duration>', 'so long past the time to be woken, to tick, or to be over', '1m')
      .option('--queued-after <duration>', 'queued for so long', '15m')
      .option('--waiting-after <duration>', 'waiting for somebody for so long', '1d')
      .option('--failed-within <duration>', 'failed so lately, and not retried', '1d')
      .option('--budget <percent>', 'budgets that are so full', '100')
      .action((options: PatrolOptions, command: Command) => cli.run(command, (context) => act(context, options)))
  );
}

async function act(context: CommandContext, options: PatrolOptions): Promise<ExitCode> {
  const thresholds = thresholdsOf(options);
  await using state = await openIfThere(() => openReports(stateOptions(context.options)));
  // Maybe the wrong folder: a patrol that finds nothing there would find nothing for ever.
  if (state === null)
    throw new SquadraError('INVALID_SETTING', 'There is no state here to look at; name its folder with --state-dir.');
  const round = await patrol(context, state, thresholds);
  if (context.options.json) context.terminal.out(safeJson(roundDocument(round), 2));
  else tell(context, round);
  return round.findings.length === 0 ? 0 : 1;
}

function thresholdsOf(options: PatrolOptions): Thresholds {
  const { stuckAfter, overdueAfter, queuedAfter, waitingAfter, failedWithin, budget } = options;
  return {
    stuckAfterMs: durationMs(stuckAfter, '--stuck-after'),
    overdueAfterMs: durationMs(overdueAfter, '--overdue-after'),
    queuedAfterMs: durationMs(queuedAfter, '--queued-after'),
    waitingAfterMs: durationMs(waitingAfter, '--waiting-after'),
    failedWithinMs: durationMs(failedWithin, '--failed-within'),
    budgetShare: parseWholeNumber(budget.replace(/\s*%$/, ''), '--budget') / 100,
  };
}

function tell({ terminal, options }: CommandContext, { at, findings, isMore }: Round): void {
  if (findings.length === 0) {
    if (!options.quiet)
      terminal.out('All is well: nothing is stuck, overdue, waiting for long, over budget, or failed of late.');
    return;
  }
  const { ink } = terminal;
  const isBad = ({ kind }: Finding): boolean => kind !== 'waiting';
  const columns = [
    {
      title: 'WHAT',
      text: ({ kind }: Finding) => kind,
      paint: (text: string, finding: Finding) => (isBad(finding) ? ink.red(text) : ink.yellow(text)),
    },
    { title: 'FOR', text: (finding: Finding) => sinceText(finding, at), right: true },
    { title: 'SUBJECT', text: ({ subject }: Finding) => subject },
    { title: 'ID', text: ({ id }: Finding) => safeLine(id), paint: ink.bold },
    { title: 'WHY', text: ({ text }: Finding) => safeLine(text), flexible: true },
  ];
  terminal.out(table(findings, columns, terminal.columns(), ink));
  if (options.quiet) return;
  if (isMore) terminal.note(terminal.noteInk.dim('There is more; these are the first hundred of each kind.'));
  terminal.note(terminal.noteInk.dim('--json tells for each what to type next.'));
}
