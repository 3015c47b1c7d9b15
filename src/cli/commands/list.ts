import { Command } from 'commander';
import { openReports } from '../../compose/outside.ts';
import type { StateReports } from '../../orchestrator/state-reports.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { executionStatuses } from '../../work/execution.ts';
import type { Execution, ExecutionStatus } from '../../work/execution.ts';
import type { ExecutionFilter } from '../../work/execution-store.ts';
import { executionSummary } from '../../orchestrator/execution-document.ts';
import { formatDuration } from '../../kernel/duration.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import type { ExitCode } from '../exit-code.ts';
import { openIfThere } from '../reports.ts';
import { formatAge, formatCost, formatCount } from '../view/figures.ts';
import { safeJson, safeLine } from '../view/safe-text.ts';
import { inkOf } from '../view/status-ink.ts';
import { table } from '../view/table.ts';
import type { Column } from '../view/table.ts';

interface ListOptions {
  readonly status?: string;
  readonly squad?: string;
  readonly workflow?: string;
  readonly limit: string;
}

/** `squadra list`: executions, newest first. */
export function listCommand(cli: Cli): Command {
  return new Command('list')
    .summary('executions, newest first')
    .description('Lists executions, newest first.')
    .option('--status <status>', `one of ${executionStatuses.join(', ')}`)
    .option('--squad <name>', 'those of one squad (name or id)')
    .option('--workflow <name>', 'those of one workflow')
    .option('--limit <number>', 'how many, 1 to 200', '20')
    .action((options: ListOptions, command: Command) => cli.run(command, (context) => act(context, options)));
}

async function act(context: CommandContext, options: ListOptions): Promise<ExitCode> {
  const { terminal, options: globals, clock } = context;
  const limit = checkLimit(options.limit);
  await using state = await openIfThere(() => openReports(stateOptions(globals)));
  const executions =
    state === null
      ? []
      : await state.reports.list(globals.tenant, await filterOf(state, globals.tenant, options, limit));
  if (globals.json) {
    const nextCursor = executions.length === limit ? (executions.at(-1)?.id ?? null) : null;
    terminal.out(safeJson({ items: executions.map(executionSummary), nextCursor }, 2));
    return 0;
  }
  if (executions.length === 0) {
    terminal.out(
      isFiltered(options)
        ? 'Nothing matches; `squadra list` shows everything.'
        : 'Nothing here yet. `squadra demo` shows how it looks, `squadra run request.md` hands a request of yours to a squad.',
    );
    return 0;
  }
  const squads =
    state === null
      ? new Map<string, string>()
      : await squadNames(
          state,
          globals.tenant,
          executions.map(({ squadId }) => squadId),
        );
  terminal.out(table(executions, columns(executions, squads, context, clock.now()), terminal.columns(), terminal.ink));
  if (executions.length === limit && !globals.quiet)
    terminal.note(terminal.noteInk.dim(`The newest ${limit}; --limit shows more.`));
  return 0;
}

function columns(
  executions: readonly Execution[],
  squads: ReadonlyMap<string, string>,
  { terminal }: CommandContext,
  now: number,
): Column<Execution>[] {
  const { ink } = terminal;
  const length = idLength(executions.map(({ id }) => id));
  const flexible = terminal.columns() !== null;
  return [
    { title: 'ID', text: ({ id }) => id.slice(0, length), paint: ink.bold },
    { title: 'STATUS', text: ({ status }) => status, paint: (text, { status }) => inkOf(status, ink)(text) },
    { title: 'WORKFLOW', text: ({ workflow }) => workflow },
    { title: 'SQUAD', text: ({ squadId }) => (squadId === null ? '-' : (squads.get(squadId) ?? squadId.slice(0, 13))) },
    { title: 'CREATED', text: ({ createdAt }) => formatAge(createdAt, now) },
    { title: 'TOOK', text: (execution) => tookText(execution, now), right: true },
    { title: 'TOKENS', text: ({ usage }) => formatCount(usage.inputTokens + usage.outputTokens), right: true },
    { title: 'COST', text: ({ usage }) => formatCost(usage), right: true },
    { title: 'REQUEST', text: requestLine, flexible },
  ];
}

function tookText({ startedAt, endedAt }: Execution, now: number): string {
  return startedAt === null ? '-' : formatDuration((endedAt ?? now) - startedAt);
}

const maxRequestLength = 60;

/** The first line of the request that says something, or the input. */
function requestLine({ input }: Execution): string {
  const message: unknown = typeof input === 'object' && input !== null && 'message' in input ? input.message : null;
  const text = typeof message === 'string' ? message.slice(0, 2_000) : JSON.stringify(input).slice(0, 2_000);
  const line = safeLine(
    (text.split('\n').find((each) => /[\p{L}\p{N}]/u.test(each)) ?? text).replace(/^[\s#*>-]+/, ''),
  );
  return line.length <= maxRequestLength ? line : `${line.slice(0, maxRequestLength - 1)}…`;
}

/** The shortest beginning that tells the ids apart; the first 13 characters are the millisecond. */
export function idLength(ids: readonly string[]): number {
  let length = 13;
  while (length < 36 && new Set(ids.map((id) => id.slice(0, length))).size < ids.length) length++;
  return length;
}

/** Names by id, of squads that are still there. */
export async function squadNames(
  state: StateReports,
  tenant: string,
  squadIds: readonly (string | null)[],
): Promise<Map<string, string>> {
  const ids = [...new Set(squadIds.flatMap((id) => id ?? []))];
  const squads = await Promise.all(ids.map((id) => state.squads.find(tenant, id)));
  return new Map(squads.flatMap((squad) => (squad === null ? [] : [[squad.id, safeLine(squad.name)]])));
}

async function filterOf(
  state: StateReports,
  tenant: string,
  options: ListOptions,
  limit: number,
): Promise<ExecutionFilter> {
  const { status, squad, workflow } = options;
  const found = squad === undefined ? null : await state.squads.find(tenant, squad);
  if (squad !== undefined && found === null) throw new SquadraError('UNKNOWN_SQUAD', `There is no squad '${squad}'.`);
  return {
    limit,
    ...(status === undefined ? {} : { status: checkStatus(status) }),
    ...(found === null ? {} : { squadId: found.id }),
    ...(workflow === undefined ? {} : { workflow }),
  };
}

function isFiltered({ status, squad, workflow }: ListOptions): boolean {
  return status !== undefined || squad !== undefined || workflow !== undefined;
}

function checkStatus(status: string): ExecutionStatus {
  const found = executionStatuses.find((each) => each === status);
  if (found !== undefined) return found;
  throw new SquadraError(
    'INVALID_INPUT',
    `'${status}' is no status; those there are: ${executionStatuses.join(', ')}.`,
  );
}

export function checkLimit(limit: string): number {
  const number = Number(limit);
  if (Number.isInteger(number) && number >= 1 && number <= 200) return number;
  throw new SquadraError('INVALID_INPUT', `--limit is '${limit}'; use a whole number from 1 to 200.`);
}
