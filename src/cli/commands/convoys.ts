import { Command } from 'commander';
import { openReports } from '../../compose.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { convoyProgress, convoySummary } from '../../orchestrator/convoys/convoy-document.ts';
import type { ConvoyItem, CountedConvoy } from '../../work/convoy.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import type { ExitCode } from '../exit-code.ts';
import { openIfThere } from '../reports.ts';
import { progressLine, progressText } from '../view/convoy-view.ts';
import { formatAge } from '../view/figures.ts';
import { safeJson, safeLine } from '../view/safe-text.ts';
import { table } from '../view/table.ts';

/** As many as a page of the API has. */
const maxConvoys = 200;

/** `squadra convoys [id]`: the convoys there are, or the items of one. */
export function convoysCommand(cli: Cli): Command {
  return new Command('convoys')
    .summary('the convoys there are, or the items of one')
    .description('Lists convoys, newest first. With an id (or its beginning) it lists the items of that one.')
    .argument('[id]', 'a convoy')
    .action((id: string | undefined, _: object, command: Command) => cli.run(command, (context) => act(context, id)));
}

async function act(context: CommandContext, id: string | undefined): Promise<ExitCode> {
  const { tenant } = context.options;
  await using state = openIfThere(() => openReports(stateOptions(context.options)));
  const all = state === null ? [] : await state.convoys.list(tenant, { limit: maxConvoys });
  if (id === undefined) {
    showAll(context, all);
    return 0;
  }
  const convoy = all.find((each) => each.id.startsWith(id)) ?? (await state?.convoys.get(tenant, id)) ?? null;
  if (state === null || convoy === null)
    throw new SquadraError('NOT_FOUND', `There is no convoy ${id}; \`squadra convoys\` shows those there are.`);
  showOne(context, convoy, await state.convoys.items(tenant, convoy.id));
  return 0;
}

function showAll({ options, terminal, clock }: CommandContext, convoys: readonly CountedConvoy[]): void {
  if (options.json) {
    terminal.out(safeJson({ items: convoys.map(convoySummary) }, 2));
    return;
  }
  if (convoys.length === 0) {
    terminal.out('No convoys yet. `squadra convoy run tasks.yaml` works off the tasks of a file.');
    return;
  }
  const { ink } = terminal;
  const columns = [
    { title: 'ID', text: ({ id }: CountedConvoy) => id, paint: ink.bold },
    { title: 'STATUS', text: ({ status }: CountedConvoy) => status },
    { title: 'PROGRESS', text: (convoy: CountedConvoy) => progressText(convoyProgress(convoy), plain) },
    { title: 'CREATED', text: ({ createdAt }: CountedConvoy) => formatAge(createdAt, clock.now()) },
    { title: 'REASON', text: ({ reason }: CountedConvoy) => safeLine(reason ?? ''), flexible: true },
  ];
  terminal.out(table(convoys, columns, terminal.columns(), ink));
}

function showOne({ options, terminal }: CommandContext, convoy: CountedConvoy, items: readonly ConvoyItem[]): void {
  if (options.json) {
    terminal.out(safeJson({ ...convoySummary(convoy), items }, 2));
    return;
  }
  const { ink } = terminal;
  terminal.out(`${ink.bold(convoy.id)} ${convoy.status} ${progressLine(convoy.counts, ink)}`);
  const columns = [
    { title: 'KEY', text: ({ key }: ConvoyItem) => safeLine(key), paint: ink.bold },
    { title: 'STATUS', text: ({ status }: ConvoyItem) => status },
    { title: 'EXECUTION', text: ({ executionId }: ConvoyItem) => executionId ?? '-' },
    { title: 'REASON', text: ({ reason }: ConvoyItem) => safeLine(reason ?? ''), flexible: true },
  ];
  terminal.out(table(items, columns, terminal.columns(), ink));
}

/** Within a table, colours would count as characters. */
const plain = { red: (text: string) => text, yellow: (text: string) => text };
