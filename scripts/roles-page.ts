import { readCatalogue } from '../src/squads/catalogue.ts';
import type { Role } from '../src/squads/role.ts';
import { generated, table } from './reference-page.ts';

/** docs/roles.md, from the prompts and templates. */
export function rolesPage(): string {
  const { roles, templates } = readCatalogue();
  const rows = roles.map((role) => [
    `[\`${role.name}\`](#${role.name})`,
    purposeOf(role).split(/(?<=[.])\s/)[0] ?? '',
    role.specializations.map(({ name }) => `\`${name}\``).join(', '),
  ]);
  const squads = templates.map(({ name, description, members }) => [
    `\`${name}\``,
    description,
    members
      .map(({ role, specialization }) => `\`${role}${specialization === undefined ? '' : `.${specialization}`}\``)
      .join(', '),
  ]);
  return `${generated}

# Roles

A member of a squad has a **role**, and may have a **specialization** of it. The role brings a prompt: what only this role does,
how it decides, which sections its answers have, and what it hands over to whom. A specialization adds to that prompt, and the
\`instructions\` of a member come last. The prompts are plain text in \`src/squads/prompts\`, in our own words, to be read and
improved.

\`\`\`ts
import { openSquadra } from 'squadra';

await using squadra = await openSquadra({
  squads: [
    {
      name: 'shop',
      template: 'software',
      members: [
        { role: 'reviewer', specialization: 'security' },
        { role: 'devops_engineer', specialization: 'kubernetes', instructions: 'We run on three small machines.' },
      ],
    },
  ],
});
\`\`\`

The members of a template come first, then those that are listed. A role, specialization or template that does not exist is
refused with the names of those that do, and then nothing is created.

${table(['Role', 'What it is told first', 'Specializations'], rows)}

## Templates

Each is there as a squad of its name, without set-up; who does what with them is said by the [flow](flows.md). Their members
have the tools \`list\`, \`read\`, \`write\` and \`edit\`, for the files of the execution.

${table(['Template', 'What for', 'Members'], squads)}

${roles.map(roleSection).join('\n\n')}
`;
}

function roleSection(role: Role): string {
  const sections = [...role.prompt.matchAll(/^\*\*(?<name>[^*]+)\*\* - /gm)].map((match) => match.groups?.name ?? '');
  const specializations = role.specializations.map(({ name, prompt }) => `- \`${name}\`: ${firstParagraph(prompt)}`);
  return [
    `## \`${role.name}\``,
    `> ${purposeOf(role)}`,
    `It answers with: ${sections.join(' · ')}.`,
    ...(specializations.length === 0 ? [] : [specializations.join('\n')]),
  ].join('\n\n');
}

function purposeOf(role: Role): string {
  return firstParagraph(role.prompt);
}

function firstParagraph(prompt: string): string {
  return prompt.split('\n\n')[0] ?? '';
}
