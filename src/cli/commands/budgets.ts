import { Argument, Command } from 'commander';
import { z } from 'zod';
import { openReports } from '../../compose/outside.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { isId } from '../../kernel/id.ts';
import { budgetDocument } from '../../orchestrator/budget-document.ts';
import { budgetPeriods, budgetScopes } from '../../work/budget.ts';
import type { Budget, BudgetKey, BudgetPeriod, BudgetScope } from '../../work/budget.ts';
import { readBudget } from '../budget-options.ts';
import type { TypedBudget } from '../budget-options.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import type { ExitCode } from '../exit-code.ts';
import { openIfThere } from '../reports.ts';
import { allBudgets } from '../status-reading.ts';
import { namedExecution, send, tell } from '../sending.ts';
import { budgetTitle, ofLimits } from '../view/budget-text.ts';
import { safeJson, safeLine } from '../view/safe-text.ts';
import { table } from '../view/table.ts';

interface PeriodOption {
  readonly period?: BudgetPeriod;
}

/** `squadra budgets`: ceilings on what model calls spend. */
export function budgetsCommand(cli: Cli): Command {
  const budgets = new Command('budgets')
    .summary('ceilings on what is spent: list, set, remove')
    .description(
      'Lists, sets and removes ceilings on what model calls spend: of the tenant, a squad or a user by day or month (UTC), and of an execution.',
    );
  budgets
    .command('list', { isDefault: true })
    .summary('the budgets there are, with what is spent and reserved')
    .description('Lists the budgets of the tenant with what counts against them in their present period.')
    .action((_: object, command: Command) => cli.run(command, list));
  withTarget(budgets.command('set'))
    .summary('set a budget, or change it')
    .description(
      'Sets a budget, new or in place of the one there is. What was spent in the present period counts. Who waits at the ceiling tries again.',
    )
    .option('--budget <dollars>', 'how much money, such as 5 or 0.25')
    .option('--token-budget <number>', 'how many tokens, input and output together')
    .option('--on-exceeded <reaction>', 'fail (where nothing is said), or ask: the execution waits for an approval')
    .action((scope: BudgetScope, id: string | undefined, options: TypedBudget & PeriodOption, command: Command) =>
      cli.run(command, (context) => set(context, scope, id, options)),
    );
  withTarget(budgets.command('remove'))
    .summary('remove a budget')
    .description('Removes a budget, and with it what was counted.')
    .action((scope: BudgetScope, id: string | undefined, options: PeriodOption, command: Command) =>
      cli.run(command, (context) => remove(context, scope, id, options)),
    );
  return budgets;
}

function withTarget(command: Command): Command {
  return command
    .addArgument(new Argument('<scope>', 'whose calls count').choices(budgetScopes))
    .argument('[id]', 'of the execution, squad (or its name) or user; the tenant is that of --tenant')
    .option('--period <period>', `${budgetPeriods.join(', ')} (default: total for an execution, month for the others)`);
}

async function list({ options, terminal }: CommandContext): Promise<ExitCode> {
  await using state = await openIfThere(() => openReports(stateOptions(options)));
  const budgets = state === null ? [] : await allBudgets(state, options.tenant);
  if (options.json) {
    terminal.out(safeJson({ items: budgets.map(budgetDocument) }, 2));
    return 0;
  }
  if (budgets.length === 0) {
    if (!options.quiet) terminal.note('There is no budget; `squadra budgets set` makes one.');
    return 0;
  }
  const columns = [
    { title: 'SCOPE', text: ({ scope }: Budget) => scope, paint: terminal.ink.bold },
    { title: 'PERIOD', text: ({ period }: Budget) => period },
    { title: 'LIMIT', text: (budget: Budget) => ofLimits(budget, (kind, limit) => limit + budget.raised[kind]) },
    { title: 'SPENT', text: (budget: Budget) => ofLimits(budget, (kind) => budget.spent[kind]) },
    { title: 'RESERVED', text: (budget: Budget) => ofLimits(budget, (kind) => budget.reserved[kind]) },
    { title: 'THEN', text: ({ onExceeded }: Budget) => onExceeded },
    { title: 'ID', text: ({ id }: Budget) => safeLine(id), flexible: true },
  ];
  terminal.out(table(budgets, columns, terminal.columns(), terminal.ink));
  return 0;
}

const setSchema = z.object({ limitMicroUsd: z.number().nullable(), limitTokens: z.number().nullable() });

async function set(
  context: CommandContext,
  scope: BudgetScope,
  id: string | undefined,
  options: TypedBudget & PeriodOption,
): Promise<ExitCode> {
  const limits = readBudget(options);
  if (limits === null)
    throw new SquadraError('INVALID_INPUT', 'Give the ceiling with --budget (dollars), --token-budget, or both.');
  const key = await keyOf(context, scope, id, options);
  const { value } = await send(context, {
    tenant: context.options.tenant,
    name: 'setBudget',
    body: { ...key, ...limits },
  });
  const ceiling = ofLimits(setSchema.parse(value), (_, limit) => limit);
  tell(context, { ...key, ...limits }, `${budgetTitle(key)} may spend ${ceiling}.`);
  return 0;
}

async function remove(
  context: CommandContext,
  scope: BudgetScope,
  id: string | undefined,
  options: PeriodOption,
): Promise<ExitCode> {
  const key = await keyOf(context, scope, id, options);
  await send(context, { tenant: context.options.tenant, name: 'removeBudget', body: key });
  tell(context, key, `${budgetTitle(key)} has no budget any more.`);
  return 0;
}

async function keyOf(
  context: CommandContext,
  scope: BudgetScope,
  id: string | undefined,
  { period = scope === 'execution' ? 'total' : 'month' }: PeriodOption,
): Promise<BudgetKey> {
  if (!budgetPeriods.includes(period))
    throw new SquadraError('INVALID_INPUT', `--period is '${String(period)}'; use ${budgetPeriods.join(', ')}.`);
  if (scope === 'tenant' && id === undefined) return { scope, id: context.options.tenant, period };
  if (id === undefined)
    throw new SquadraError('INVALID_INPUT', `Say which ${scope}: squadra budgets set ${scope} <id>.`);
  const isShort = scope === 'execution' && !isId(id);
  return { scope, id: isShort ? await namedExecution(context, id) : id, period };
}
