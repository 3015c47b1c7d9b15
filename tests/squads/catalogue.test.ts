import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCatalogue } from '../../src/squads/catalogue.ts';

const catalogue = readCatalogue();

describe('the role catalogue', () => {
  it('offers the roles of a software squad', () => {
    const roles = catalogue.roles.map(({ name, title, specializations }) => [
      name,
      title,
      specializations.map((one) => one.name),
    ]);
    expect(roles).toEqual([
      ['backend_developer', 'Backend developer', ['node', 'python']],
      ['frontend_developer', 'Frontend developer', ['react']],
      ['project_manager', 'Project manager', []],
      ['reviewer', 'Reviewer', []],
      ['tester', 'Tester', ['automation']],
    ]);
  });

  it('offers the template software', () => {
    expect(catalogue.templates.map((template) => template.name)).toEqual(['software']);
    expect(catalogue.template('software').members.map((member) => member.role)).toEqual([
      'project_manager',
      'backend_developer',
      'frontend_developer',
      'tester',
    ]);
  });

  it.each(['../squads/prompts/tester', 'tester.md', 'tester.automation', '/etc/passwd', '', 'Tester', '__proto__'])(
    'looks names up and never makes a path of one: %j',
    (name) => {
      const known = ['backend_developer', 'frontend_developer', 'project_manager', 'reviewer', 'tester'];
      expect(() => catalogue.role(name)).toThrow(
        expect.objectContaining({ code: 'UNKNOWN_ROLE', details: { role: name, known } }),
      );
      expect(() => catalogue.template(name)).toThrow(expect.objectContaining({ code: 'UNKNOWN_TEMPLATE' }));
    },
  );

  it('is read once: what happens to the folder afterwards changes nothing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'catalogue-'));
    mkdirSync(join(folder, 'prompts'));
    mkdirSync(join(folder, 'templates'));
    writeFileSync(join(folder, 'prompts', 'poet.md'), 'You rhyme.\n');
    writeFileSync(join(folder, 'prompts', 'poet.haiku.md'), 'Seventeen syllables.\n');
    writeFileSync(join(folder, 'prompts', 'notes.txt'), 'Not a prompt.\n');
    writeFileSync(join(folder, 'templates', 'verse.yaml'), 'description: Verse.\nmembers: [{ role: poet }]\n');
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
    expect(own.template('verse').members).toEqual([{ role: 'poet' }]);
  });
});

describe('the prompts', () => {
  const prompts = catalogue.roles.flatMap((role) => [
    { name: role.name, prompt: role.prompt },
    ...role.specializations.map(({ name, prompt }) => ({ name: `${role.name}.${name}`, prompt })),
  ]);

  it.each(catalogue.roles.map((role) => [role.name, role.prompt]))(
    'of %s says how it decides, what it writes and what it hands over',
    (_, prompt) => {
      expect(prompt.match(/^## .+$/gm)).toEqual(['## How you decide', '## What you write', '## Hand-over']);
      expect(sentencesOf(prompt).size).toBeGreaterThan(12);
    },
  );

  it('share no more than three sentences in ten', () => {
    const tooAlike = prompts.flatMap((one) =>
      prompts
        .filter((other) => other !== one && sharedPart(one.prompt, other.prompt) > 0.3)
        .map((other) => `${one.name} and ${other.name}`),
    );
    expect(tooAlike).toEqual([]);
  });

  it('would be found out if one were a copy of another with a new ending', () => {
    const [one = { prompt: '' }] = prompts;
    expect(sharedPart(one.prompt, `${one.prompt}\n\nAnd one more sentence.`)).toBeGreaterThan(0.9);
  });
});

/** Sentences and list entries, without the headings that all prompts have. */
function sentencesOf(prompt: string): Set<string> {
  const text = prompt.replaceAll(/^#.*$/gm, '').replaceAll(/^- /gm, '');
  return new Set(
    text
      .split(/(?<=[.!?:])\s+/)
      .map((sentence) =>
        sentence
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
          .trim(),
      )
      .filter(Boolean),
  );
}

function sharedPart(one: string, other: string): number {
  const sentences = [...sentencesOf(one)];
  const others = sentencesOf(other);
  return sentences.filter((sentence) => others.has(sentence)).length / sentences.length;
}
