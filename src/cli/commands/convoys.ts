import { Command } from 'commander';
import { openReports } from '../../compose/outside.ts';
import type { StateReports } from '../../orchestrator/state-reports.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { formatDuration } from '../../kernel/duration.ts';
import { convoyDocument, convoyProgress, convoySummary } from '../../orchestrator/convoys/convoy-document.ts';
import { convoyStatuses } from '../../work/convoy.ts';
import type { ConvoyItem, ConvoyStatus, CountedConvoy } from '../../work/convoy.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import { findConvoy } from '../convoy-id.ts';
import type { ExitCode } from '../exit-code.ts';
import { openIfThere } from '../reports.ts';
import { convoyInkOf, plain, progressLine, progressText } from '../view/convoy-view.ts';
import { formatAge } from '../view/figures.ts';
import { safeJson, safeLine } from '../view/safe-text.ts';
import { table } from '../view/table.ts';
import { checkLimit, idLength, squadNames } from './list.ts';

interface ConvoysOptions {
  readonly status?: string;
  readonly limit: string;
}

/** `squadra convoys [id]`: the convoys there are, or the items of one. */
export function convoysCommand(cli: Cli): Command {
  return new Command('convoys')
    .summary('the convoys there are, or the items of one')
    .description(
      "Lists convoys, newest first. With an id (or its beginning, or 'latest') it lists what the items of that one came to.",
    )
    .argument('[id]', 'a convoy')
    .option('--status <status>', `one of ${convoyStatuses.join(', ')}`)
    .option('--limit <number>', 'how many, 1 to 200', '20')
    .action((id: string | undefined, options: ConvoysOptions, command: Command) =>
      cli.run(command, (context) => (id === undefined ? showAll(context, options) : showOne(context, id))),
    );
}

async function showAll({ options, terminal, clock }: CommandContext, filter: ConvoysOptions): Promise<ExitCode> {
  const { tenant } = options;
  const limit = checkLimit(filter.limit);
  const narrowed = { limit, ...(filter.status === undefined ? {} : { status: checkStatus(filter.status) }) };
  await using state = await openIfThere(() => openReports(stateOptions(options)));
  const convoys = state === null ? [] : await state.convoys.list(tenant, narrowed);
  if (options.json) {
    const nextCursor = convoys.length === limit ? (convoys.at(-1)?.id ?? null) : null;
    terminal.out(safeJson({ items: convoys.map(convoySummary), nextCursor }, 2));
    return 0;
  }
  if (state === null || convoys.length === 0) {
    terminal.out(
      filter.status === undefined
        ? 'No convoys yet. `squadra convoy run tasks.yaml` works off the tasks of a file; `squadra convoy run --help` shows one.'
        : 'Nothing matches; `squadra convoys` shows everything.',
    );
    return 0;
  }
  const { ink } = terminal;
  const squads = await squadNames(
    state,
    tenant,
    convoys.map(({ squadId }) => squadId),
  );
  const length = idLength(convoys.map(({ id }) => id));
  const now = clock.now();
  const columns = [
    { title: 'ID', text: ({ id }: CountedConvoy) => id.slice(0, length), paint: ink.bold },
    {
      title: 'STATUS',
      text: ({ status }: CountedConvoy) => status,
      paint: (text: string, { status }: CountedConvoy) => convoyInkOf(status, ink)(text),
    },
    { title: 'SQUAD', text: ({ squadId }: CountedConvoy) => squads.get(squadId) ?? squadId.slice(0, 13) },
    { title: 'ITEMS', text: (convoy: CountedConvoy) => progressText(convoyProgress(convoy), plain) },
    { title: 'CREATED', text: ({ createdAt }: CountedConvoy) => formatAge(createdAt, now) },
    { title: 'TOOK', text: (convoy: CountedConvoy) => tookText(convoy, now), right: true },
    { title: 'WHY', text: ({ reason }: CountedConvoy) => safeLine(reason ?? ''), flexible: true },
  ];
  terminal.out(table(convoys, columns, terminal.columns(), ink));
  if (convoys.length === limit && !options.quiet)
    terminal.note(terminal.noteInk.dim(`The newest ${limit}; --limit shows more.`));
  return 0;
}

async function showOne(context: CommandContext, text: string): Promise<ExitCode> {
  const { options, terminal } = context;
  const { tenant } = options;
  await using state = await openReports(stateOptions(options));
  const id = await findConvoy((filter) => state.convoys.list(tenant, filter), text);
  const convoy = await state.convoys.get(tenant, id);
  if (convoy === null)
    throw new SquadraError('NOT_FOUND', `There is no convoy ${id}; \`squadra convoys\` shows those there are.`);
  const [items, texts] = await Promise.all([state.convoys.items(tenant, id), state.convoys.results(tenant, id)]);
  if (options.json) {
    const usage = await state.convoys.usage(tenant, id);
    // How many may run is known to the process that runs them.
    const document = convoyDocument({ ...convoy, items, usage, advice: null });
    const told = document.items.map((item) => ({ ...item, text: texts.get(item.key) ?? null }));
    terminal.out(safeJson({ ...document, items: told }, 2));
    return 0;
  }
  await showItems(context, state, convoy, items, texts);
  return 0;
}

async function showItems(
  { options, terminal, clock }: CommandContext,
  state: StateReports,
  convoy: CountedConvoy,
  items: readonly ConvoyItem[],
  texts: ReadonlyMap<string, string>,
): Promise<void> {
  const { ink } = terminal;
  const { id, status, reason, squadId, squadVersion, createdAt } = convoy;
  const squad = await state.squads.atVersion(options.tenant, squadId, squadVersion);
  const roles = new Map((squad?.members ?? []).map((member) => [member.id, member.role]));
  terminal.out(`Convoy ${ink.bold(id)} ${convoyInkOf(status, ink)(status)}, ${formatAge(createdAt, clock.now())}`);
  terminal.out(progressLine(convoy.counts, ink));
  if (reason !== null) terminal.out(safeLine(reason));
  const columns = [
    { title: 'KEY', text: ({ key }: ConvoyItem) => safeLine(key), paint: ink.bold },
    { title: 'ROLE', text: ({ memberId }: ConvoyItem) => roles.get(memberId) ?? '-' },
    { title: 'STATUS', text: (item: ConvoyItem) => item.status.replace('_', ' ') },
    { title: 'EXECUTION', text: ({ executionId }: ConvoyItem) => executionId ?? '-' },
    { title: 'RESULT', text: (item: ConvoyItem) => resultLine(item, texts.get(item.key)), flexible: true },
  ];
  terminal.out(`\n${table(items, columns, terminal.columns(), ink)}`);
  if (!options.quiet && texts.size > 0)
    terminal.note(terminal.noteInk.dim('The whole of a result: npx squadra show <execution>'));
}

const maxResultLength = 80;

/** Why it failed or was cancelled, or the first line of its answer that says something. */
function resultLine({ reason }: ConvoyItem, text: string | undefined): string {
  const said = reason ?? text?.slice(0, 2_000) ?? '';
  const line = safeLine(said.split('\n').find((each) => /[\p{L}\p{N}]/u.test(each)) ?? said);
  const cut = reason === null && line.length > maxResultLength;
  return cut ? `${line.slice(0, maxResultLength - 1)}…` : line;
}

function tookText({ createdAt, endedAt }: CountedConvoy, now: number): string {
  return formatDuration((endedAt ?? now) - createdAt);
}

function checkStatus(status: string): ConvoyStatus {
  const found = convoyStatuses.find((each) => each === status);
  if (found !== undefined) return found;
  throw new SquadraError('INVALID_INPUT', `'${status}' is no status; those there are: ${convoyStatuses.join(', ')}.`);
}
