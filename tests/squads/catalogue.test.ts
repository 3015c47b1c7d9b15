import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildSquad } from '../../src/squads/build-squad.ts';
import { readCatalogue } from '../../src/squads/catalogue.ts';
import { findSpecialization } from '../../src/squads/role.ts';
import { squadParts } from './making.ts';

const catalogue = readCatalogue();

/** Names that would lead somewhere, if somebody made a path of them. */
const hostileNames = [
  '../squads/prompts/tester',
  '../prompts/tester',
  '..\\prompts\\tester',
  './tester',
  'tester.md',
  'tester.automation',
  'tester/../tester',
  'software.yaml',
  '../templates/software',
  '/etc/passwd',
  'file:///etc/passwd',
  'C:\\Windows\\win.ini',
  '%2e%2e%2fprompts%2ftester',
  'tester\0',
  'tester\n',
  ' tester',
  'Tester',
  'TESTER',
  'tеster', // with a Cyrillic letter
  '*',
  '',
  '.',
  '..',
  '__proto__',
  'constructor',
  'toString',
];

describe('the role catalogue', () => {
  it('offers fifteen roles, and specializations beside the default', () => {
    const roles = catalogue.roles.map(({ name, specializations }) => [name, ...specializations.map((one) => one.name)]);
    expect(roles).toEqual([
      ['ai_engineer', 'retrieval'],
      ['ai_ml_project_manager'],
      ['backend_developer', 'go', 'node', 'python'],
      ['data_engineer', 'streaming'],
      ['data_scientist', 'experimentation'],
      ['designer', 'accessibility'],
      ['devops_engineer', 'kubernetes'],
      ['frontend_developer', 'react', 'vue'],
      ['ml_engineer', 'serving'],
      ['product_manager'],
      ['project_manager'],
      ['reviewer', 'security'],
      ['solution_architect', 'cloud'],
      ['tech_lead'],
      ['tester', 'automation', 'performance'],
    ]);
  });

  it('makes titles that can be read', () => {
    const titles = catalogue.roles.map(({ title }) => title);
    expect(titles).toContain('Backend developer');
    expect(titles).toContain('DevOps engineer');
    expect(titles).toContain('AI/ML project manager');
    expect(new Set(titles).size).toBe(titles.length);
  });

  it.each([
    ['ai-ml', ['ai_ml_project_manager', 'data_engineer', 'data_scientist', 'ml_engineer', 'ai_engineer', 'reviewer']],
    ['research', ['product_manager', 'data_scientist', 'reviewer', 'solution_architect']],
    ['review', ['tech_lead', 'reviewer', 'reviewer', 'tester']],
    ['software', ['project_manager', 'backend_developer', 'frontend_developer', 'tester']],
  ])('offers the template %s, and it can be used whole', (name, roles) => {
    expect(catalogue.template(name).members.map((member) => member.role)).toEqual(roles);
    const squad = buildSquad({ name: 'us', template: name }, squadParts());
    expect(squad.members.map((member) => member.role)).toEqual(roles);
    expect(new Set(squad.members.map((member) => member.name)).size).toBe(roles.length);
  });

  it("lets the templates' members work with files", () => {
    for (const { members } of catalogue.templates)
      for (const { tools } of members) expect(tools).toEqual(['list', 'read', 'write', 'edit']);
  });

  it('offers no other template', () => {
    expect(catalogue.templates.map((template) => template.name)).toEqual(['ai-ml', 'research', 'review', 'software']);
  });
});

describe('names that come from outside', () => {
  it.each(hostileNames)('are looked up and never become a path: %j', (name) => {
    const known = catalogue.roles.map((role) => role.name);
    expect(() => catalogue.role(name)).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_ROLE', details: { role: name, known } }),
    );
    expect(() => catalogue.template(name)).toThrow(expect.objectContaining({ code: 'UNKNOWN_TEMPLATE' }));
    for (const role of catalogue.roles)
      expect(() => findSpecialization(role, name)).toThrow(expect.objectContaining({ code: 'UNKNOWN_SPECIALIZATION' }));
  });

  it('are taken letter by letter, and so is what only begins like them', () => {
    expect(() => catalogue.template('software-')).toThrow(expect.objectContaining({ code: 'UNKNOWN_TEMPLATE' }));
    expect(() => findSpecialization(catalogue.role('tester'), 'automation.md')).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_SPECIALIZATION' }),
    );
  });

  it.each([
    ['a template', { name: 'web', template: '../templates/software' }, 'UNKNOWN_TEMPLATE'],
    ['a role', { name: 'web', members: [{ role: '../prompts/tester' }] }, 'UNKNOWN_ROLE'],
    [
      'a specialization',
      { name: 'web', members: [{ role: 'tester', specialization: '../tester.automation' }] },
      'UNKNOWN_SPECIALIZATION',
    ],
  ])('are refused in a squad that names one as %s', (_, input, code) => {
    expect(() => buildSquad(input, squadParts())).toThrow(expect.objectContaining({ code }));
  });
});

describe('a catalogue in a folder', () => {
  function folderWith(files: Readonly<Record<string, string>>): string {
    const folder = mkdtempSync(join(tmpdir(), 'catalogue-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, 'prompts'));
    mkdirSync(join(folder, 'templates'));
    for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
    return folder;
  }

  const verse = {
    'prompts/poet.md': 'You rhyme.\n',
    'prompts/poet.haiku.md': 'Seventeen syllables.\n',
    'prompts/notes.txt': 'Not a prompt.\n',
    'templates/verse.yaml': 'description: Verse.\nmembers: [{ role: poet }]\n',
  };

  it('is read once: what happens to the folder afterwards changes nothing', () => {
    const folder = folderWith(verse);
    const own = readCatalogue(pathToFileURL(`${folder}/`));
    rmSync(folder, { recursive: true });
    expect(own.roles).toEqual([
      {
        name: 'poet',
        title: 'Poet',
        prompt: 'You rhyme.',
        specializations: [{ name: 'haiku', prompt: 'Seventeen syllables.' }],
      },
    ]);
    expect(own.template('verse').members).toEqual([{ role: 'poet', tools: [] }]);
  });

  it.each([
    ['a role that is not there', 'members: [{ role: poet }, { role: painter }]', { code: 'UNKNOWN_ROLE' }],
    [
      'a specialization its role does not have',
      'members: [{ role: poet, specialization: sonnet }]',
      { code: 'UNKNOWN_SPECIALIZATION' },
    ],
    ['a field that does not exist', 'members: [{ role: poet, colour: red }]', {}],
    ['no members', 'members: []', {}],
  ])('is refused as a whole when a template has %s', (_, members, error) => {
    const folder = folderWith({ ...verse, 'templates/bad.yaml': `description: Bad.\n${members}\n` });
    expect(() => readCatalogue(pathToFileURL(`${folder}/`))).toThrow(expect.objectContaining(error));
  });
});
