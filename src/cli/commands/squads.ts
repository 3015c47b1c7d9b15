import { Command } from 'commander';
import { openReports } from '../../compose/outside.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { readCatalogue } from '../../squads/catalogue.ts';
import type { Template } from '../../squads/catalogue.ts';
import type { Member, MemberInput, Squad } from '../../squads/squad.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import type { ExitCode } from '../exit-code.ts';
import { openIfThere } from '../reports.ts';
import { iso } from '../view/event-document.ts';
import { formatAge } from '../view/figures.ts';
import { safeJson, safeLine } from '../view/safe-text.ts';
import { table } from '../view/table.ts';

/** More than anybody makes by hand; programs that make more have the library to list them. */
const maxSquads = 1_000;

/** `squadra squads [name]`: the squads there are, or the members of one. */
export function squadsCommand(cli: Cli): Command {
  return new Command('squads')
    .summary('the squads there are, or the members of one')
    .description(
      'Lists the squads there are: those that were made, and the templates, which become squads when they are first used. With a name it lists the members of that one.',
    )
    .argument('[name]', 'a squad, by name or id')
    .action((name: string | undefined, _: object, command: Command) =>
      cli.run(command, (context) => act(context, name)),
    );
}

async function act(context: CommandContext, name: string | undefined): Promise<ExitCode> {
  const { options } = context;
  await using state = await openIfThere(() => openReports(stateOptions(options)));
  const squads = state === null ? [] : await state.squads.list(options.tenant, { limit: maxSquads });
  const templates = readCatalogue().templates.filter((template) =>
    squads.every((squad) => squad.name !== template.name),
  );
  if (name === undefined) showAll(context, squads, templates);
  else
    showOne(
      context,
      name,
      squads.find((squad) => squad.name === name || squad.id === name) ??
        templates.find((template) => template.name === name),
    );
  return 0;
}

interface SquadRow {
  readonly name: string;
  readonly members: string;
  readonly version: string;
  readonly changed: string;
}

function showAll(
  { options, terminal, clock }: CommandContext,
  squads: readonly Squad[],
  templates: readonly Template[],
): void {
  if (options.json) {
    terminal.out(safeJson({ items: squads.map(squadDocument), templates }, 2));
    return;
  }
  const rows: SquadRow[] = [
    ...squads.map((squad) => ({
      name: safeLine(squad.name),
      members: rolesOf(squad.members),
      version: String(squad.version),
      changed: formatAge(squad.updatedAt, clock.now()),
    })),
    ...templates.map((template) => ({
      name: template.name,
      members: rolesOf(template.members),
      version: '-',
      changed: 'template, made at first use',
    })),
  ];
  const { ink } = terminal;
  const columns = [
    { title: 'NAME', text: (row: SquadRow) => row.name, paint: ink.bold },
    { title: 'VERSION', text: (row: SquadRow) => row.version, right: true },
    { title: 'CHANGED', text: (row: SquadRow) => row.changed },
    { title: 'MEMBERS', text: (row: SquadRow) => row.members, flexible: true },
  ];
  terminal.out(table(rows, columns, terminal.columns(), ink));
}

function showOne({ options, terminal }: CommandContext, name: string, found: Squad | Template | undefined): void {
  if (found === undefined)
    throw new SquadraError('NOT_FOUND', `There is no squad '${name}'; \`squadra squads\` lists those there are.`);
  if (options.json) {
    terminal.out(safeJson('id' in found ? squadDocument(found) : found, 2));
    return;
  }
  const { ink } = terminal;
  terminal.out(
    `${ink.bold(safeLine(found.name))}${found.description === null ? '' : `: ${safeLine(found.description)}`}`,
  );
  const columns = [
    { title: 'ROLE', text: (member: Member | MemberInput) => member.role, paint: ink.bold },
    { title: 'NAME', text: (member: Member | MemberInput) => safeLine(member.name ?? '') },
    { title: 'SPECIALIZATION', text: (member: Member | MemberInput) => member.specialization ?? '-' },
    { title: 'PROVIDER', text: (member: Member | MemberInput) => member.provider ?? 'default' },
    { title: 'MODEL', text: (member: Member | MemberInput) => member.model ?? 'default' },
  ];
  terminal.out(table<Member | MemberInput>(found.members, columns, terminal.columns(), ink));
}

function rolesOf(members: readonly { readonly role: string }[]): string {
  return members.map(({ role }) => role).join(', ');
}

function squadDocument({ createdAt, updatedAt, ...squad }: Squad): object {
  return { ...squad, createdAt: iso(createdAt), updatedAt: iso(updatedAt) };
}
