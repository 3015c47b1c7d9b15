import { Command, Option } from 'commander';
import { openReports } from '../../compose/outside.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { costGroupings, reportCosts } from '../../orchestrator/costs.ts';
import type { CostGrouping, CostLine, CostReport } from '../../orchestrator/costs.ts';
import type { UsageReportParts } from '../../orchestrator/usage-report.ts';
import type { StateReports } from '../../orchestrator/state-reports.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import type { ExitCode } from '../exit-code.ts';
import { formatCost, formatCount } from '../view/figures.ts';
import { safeJson, safeLine } from '../view/safe-text.ts';
import { table } from '../view/table.ts';
import type { Column } from '../view/table.ts';
import { checkLimit } from './list.ts';

interface CostsOptions {
  readonly by: CostGrouping;
  readonly from?: string;
  readonly to?: string;
  readonly limit: string;
}

/** `squadra costs`: what was spent. */
export function costsCommand(cli: Cli): Command {
  return new Command('costs')
    .summary('what was spent, by day, squad, member, model or execution')
    .description(
      'Tells tokens and money of the executions that are stored: days newest first, all else the dearest first. Calls of models without a known price are counted apart; what they cost is in no sum.',
    )
    .addOption(new Option('--by <what>', 'what it is told by').choices(costGroupings).default('day'))
    .option('--from <time>', 'submitted from here on: a day (2026-01-31, UTC) or a time of ISO 8601')
    .option('--to <time>', 'and before here')
    .option('--limit <number>', 'how many, 1 to 200', '50')
    .action((options: CostsOptions, command: Command) => cli.run(command, (context) => act(context, options)));
}

async function act({ options, terminal }: CommandContext, given: CostsOptions): Promise<ExitCode> {
  const request = {
    groupBy: given.by,
    limit: checkLimit(given.limit),
    from: timeOf(given.from, '--from'),
    to: timeOf(given.to, '--to'),
  };
  await using state = await openReports(stateOptions(options));
  const report = await reportCosts(reportParts(state), options.tenant, request);
  if (options.json) {
    terminal.out(safeJson(report, 2));
    return 0;
  }
  if (report.items.length === 0) {
    terminal.out('No model call was counted in that time; `squadra list` shows what there is.');
    return 0;
  }
  const rows = [...report.items, { key: null, name: null, ...report.total, isTotal: true as const }];
  terminal.out(table<Row>(rows, columnsOf(given.by), terminal.columns(), terminal.ink));
  if (!options.quiet) for (const note of notesOf(report)) terminal.note(terminal.noteInk.dim(note));
  return 0;
}

type Row = CostLine & { readonly isTotal?: true };

function columnsOf(by: CostGrouping): Column<Row>[] {
  const named = ({ key, name, isTotal }: Row): string => (isTotal ? 'all' : safeLine(name ?? key ?? 'unknown'));
  const figures: Column<Row>[] = [
    ...(by === 'execution' ? [] : [count('EXECUTIONS', ({ executions }) => executions)]),
    count('CALLS', ({ modelCalls }) => modelCalls),
    count('TOKENS IN', ({ inputTokens }) => inputTokens),
    count('TOKENS OUT', ({ outputTokens }) => outputTokens),
    { title: 'COST', text: formatCost, right: true },
  ];
  if (by !== 'execution') return [{ title: by.toUpperCase(), text: named }, ...figures];
  return [
    { title: 'EXECUTION', text: ({ key, isTotal }) => (isTotal ? 'all' : (key ?? '')) },
    ...figures,
    { title: 'REQUEST', text: (row) => (row.isTotal ? '' : named(row)), flexible: true },
  ];
}

function count(title: string, of: (row: Row) => number): Column<Row> {
  return { title, text: (row) => formatCount(of(row)), right: true };
}

function notesOf({ total, items, nextCursor, groupBy }: CostReport): string[] {
  const notes = [];
  if (nextCursor !== null)
    notes.push(`The first ${items.length}${groupBy === 'day' ? '' : ', dearest first'}; --limit shows more.`);
  if (total.unpricedCalls > 0)
    notes.push(
      `${formatCount(total.unpricedCalls)} of ${formatCount(total.modelCalls)} calls are of models without a known price: what they cost is in no sum. Prices of yours go into squadra.yaml.`,
    );
  return notes;
}

/** Nothing is kept at hand: a command reads once. */
function reportParts({ usage, squads }: StateReports): UsageReportParts {
  return {
    usage,
    reads: { read: (_key, read) => read() },
    cache: { get: (_kind, _key, _tags, fill) => fill() },
    directory: {
      pinned: (tenant, id, version) => squads.atVersion(tenant, id, version),
      get: () => Promise.reject(new Error('Unreachable: costs are not narrowed to a squad here.')),
    },
  };
}

const timeShape = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/;

function timeOf(text: string | undefined, option: string): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  const isReal = timeShape.test(text) && !Number.isNaN(time.getTime());
  // The 30th of February would be the 2nd of March.
  if (isReal && (text.length > 10 || time.toISOString().startsWith(text))) return time;
  throw new SquadraError(
    'INVALID_INPUT',
    `${option} is '${text}'; give a day such as 2026-01-31, or a time such as 2026-01-31T12:00:00Z.`,
  );
}
