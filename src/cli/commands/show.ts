import { Command } from 'commander';
import { openReports } from '../../compose/outside.ts';
import type { StateReports } from '../../orchestrator/state-reports.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { compareExecutions } from '../../orchestrator/comparison.ts';
import type { Compared } from '../../orchestrator/comparison.ts';
import { executionDocument, messageDocument } from '../../orchestrator/execution-document.ts';
import { allRecords } from '../../orchestrator/journal-pages.ts';
import type { Execution } from '../../work/execution.ts';
import type { WorkItem } from '../../work/work-item.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import { findExecution } from '../execution-id.ts';
import type { ExitCode } from '../exit-code.ts';
import { comparisonText } from '../view/comparison-text.ts';
import { executionText } from '../view/execution-text.ts';
import { safeJson } from '../view/safe-text.ts';

interface ShowOptions {
  readonly compare?: string;
  readonly full?: boolean;
}

/** `squadra show <id>`: everything about one execution. */
export function showCommand(cli: Cli): Command {
  return new Command('show')
    .summary('one execution: steps, items, messages, cost')
    .description(
      'Shows one execution: its steps with their attempts, its work items, what was said, what it cost, and what came out.',
    )
    .argument('<id>', "its id, the beginning of it, or 'latest'")
    .option('--compare <other>', 'put another execution beside it: outcome, cost and time')
    .option('--full', 'show messages and outputs whole')
    .action((id: string, options: ShowOptions, command: Command) =>
      cli.run(command, (context) => act(context, id, options)),
    );
}

async function act(context: CommandContext, text: string, { compare, full = false }: ShowOptions): Promise<ExitCode> {
  const { terminal, options } = context;
  await using state = await openReports(stateOptions(options));
  const shown = await readExecution(state, options.tenant, text);
  if (compare === undefined) return await showOne(context, state, shown, full);
  const comparison = compareExecutions(shown, await readExecution(state, options.tenant, compare));
  const { ink } = terminal;
  terminal.out(
    options.json ? safeJson(comparison, 2) : comparisonText(comparison, { ink, width: terminal.columns(), full }),
  );
  return 0;
}

async function readExecution(state: StateReports, tenant: string, text: string): Promise<Compared> {
  const id = await findExecution((filter) => state.reports.list(tenant, filter), text);
  const execution = await state.reports.get(tenant, id);
  if (execution === null)
    throw new SquadraError('NOT_FOUND', `There is no execution ${id}; \`squadra list\` shows those there are.`);
  return { execution, records: await allRecords(state.reports, tenant, id) };
}

async function showOne(
  { terminal, options, clock }: CommandContext,
  state: StateReports,
  { execution, records }: Compared,
  full: boolean,
): Promise<ExitCode> {
  const { tenant } = options;
  const items = await allItems(state, tenant, execution);
  if (options.json) {
    const messages = records.flatMap((record) => (record.kind === 'message' ? [messageDocument(record)] : []));
    terminal.out(safeJson({ ...executionDocument(execution, records, items), messages }, 2));
    return 0;
  }
  const { squadId, squadVersion } = execution;
  const squad =
    squadId === null || squadVersion === null ? null : await state.squads.atVersion(tenant, squadId, squadVersion);
  terminal.out(
    executionText(
      { execution, records, items, squad },
      { ink: terminal.ink, width: terminal.columns(), now: clock.now(), full },
    ),
  );
  return 0;
}

const pageSize = 1_000;

async function allItems(state: StateReports, tenant: string, { id }: Execution): Promise<WorkItem[]> {
  const items: WorkItem[] = [];
  for (;;) {
    const last = items.at(-1);
    const page = await state.workItems.list(tenant, {
      executionId: id,
      limit: pageSize,
      ...(last === undefined ? {} : { after: last }),
    });
    items.push(...page);
    if (page.length < pageSize) return items;
  }
}
