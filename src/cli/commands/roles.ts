import { Command } from 'commander';
import { readCatalogue } from '../../squads/catalogue.ts';
import type { Role } from '../../squads/role.ts';
import type { Cli, CommandContext } from '../cli.ts';
import type { ExitCode } from '../exit-code.ts';
import { safeJson } from '../view/safe-text.ts';
import { table } from '../view/table.ts';

/** `squadra roles [name]`: the roles a member can have, or the prompt of one. */
export function rolesCommand(cli: Cli): Command {
  return new Command('roles')
    .summary('the roles a member can have, or the prompt of one')
    .description('Lists the roles a member can have. With a name it shows the prompt of that role.')
    .argument('[name]', 'a role')
    .action((name: string | undefined, _: object, command: Command) =>
      cli.run(command, (context) => act(context, name)),
    );
}

async function act({ options, terminal }: CommandContext, name: string | undefined): Promise<ExitCode> {
  const catalogue = readCatalogue();
  if (name !== undefined) {
    const role = catalogue.role(name);
    terminal.out(
      options.json
        ? safeJson(role, 2)
        : [
            role.prompt,
            ...role.specializations.map((each) => `## Specialization: ${each.name}\n\n${each.prompt}`),
          ].join('\n\n'),
    );
    return 0;
  }
  if (options.json) {
    terminal.out(
      safeJson(
        {
          items: catalogue.roles.map((role) => ({
            name: role.name,
            title: role.title,
            specializations: namesOf(role),
          })),
        },
        2,
      ),
    );
    return 0;
  }
  const columns = [
    { title: 'ROLE', text: (role: Role) => role.name, paint: terminal.ink.bold },
    { title: 'TITLE', text: (role: Role) => role.title },
    { title: 'SPECIALIZATIONS', text: (role: Role) => namesOf(role).join(', ') || '-' },
  ];
  terminal.out(table(catalogue.roles, columns, terminal.columns(), terminal.ink));
  return 0;
}

function namesOf(role: Role): string[] {
  return role.specializations.map(({ name }) => name);
}
