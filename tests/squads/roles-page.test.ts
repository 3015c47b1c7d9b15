import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { rolesPage } from '../../scripts/roles-page.ts';
import { readCatalogue } from '../../src/squads/catalogue.ts';

const page = readFileSync(new URL('../../docs/roles.md', import.meta.url), 'utf8');

it('the page of roles is what the catalogue makes, to the letter', () => {
  expect(page).toBe(rolesPage());
});

it('the page of roles has every role, specialization and template', () => {
  const { roles, templates } = readCatalogue();
  for (const { name, specializations } of roles) {
    expect(page).toContain(`\n## \`${name}\`\n`);
    for (const specialization of specializations) expect(page).toContain(`\n- \`${specialization.name}\`: `);
  }
  for (const { name } of templates) expect(page).toMatch(new RegExp(`^\\| \`${name}\` +\\|`, 'm'));
});
