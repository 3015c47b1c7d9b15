import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCatalogue } from '../../src/squads/catalogue.ts';
import { sentencesOf, sharedPart } from './sentences.ts';

const { roles } = readCatalogue();
const prompts = roles.flatMap((role) => [
  { name: role.name, prompt: role.prompt },
  ...role.specializations.map(({ name, prompt }) => ({ name: `${role.name}.${name}`, prompt })),
]);

describe('the prompts', () => {
  it('are all in the catalogue', () => {
    const files = readdirSync(new URL('../../src/squads/prompts', import.meta.url));
    expect(prompts.map(({ name }) => `${name}.md`).toSorted()).toEqual(files.toSorted());
  });

  it.each(roles.map((role) => [role.name, role.prompt]))(
    'of %s says what only it does, how it decides, what it writes and what it hands over',
    (_, prompt) => {
      expect(prompt.match(/^## .+$/gm)).toEqual(['## How you decide', '## What you write', '## Hand-over']);
      const [what = '', decides = '', writes = '', handsOver = ''] = prompt.split(/^## .+$/m);
      expect(what).toMatch(/^You [a-z]/);
      expect(what.trim().split('\n\n')).toHaveLength(1);
      expect(decides.match(/^- /gm)?.length).toBeGreaterThanOrEqual(5);
      expect(writes.match(/^\*\*[^*]+\*\* - /gm)?.length).toBeGreaterThanOrEqual(5);
      expect(sentencesOf(handsOver).length).toBeGreaterThanOrEqual(2);
      expect(sentencesOf(prompt).length).toBeGreaterThan(12);
    },
  );

  it.each(prompts.filter(({ name }) => name.includes('.')).map(({ name, prompt }) => [name, prompt]))(
    'of %s adds to its role, and repeats none of its headings',
    (_, prompt) => {
      expect(prompt).not.toMatch(/^#/m);
      expect(prompt.match(/^- /gm)?.length).toBeGreaterThanOrEqual(5);
    },
  );

  it('name each section of their output once, and no two roles write the same list of sections', () => {
    const sections = roles.map(({ prompt }) => [...prompt.matchAll(/^\*\*([^*]+)\*\* - /gm)].map(([, name]) => name));
    for (const names of sections) expect(new Set(names).size).toBe(names.length);
    expect(new Set(sections.map((names) => names.join())).size).toBe(roles.length);
  });

  it('share no more than three sentences in ten, not even reworded ones', () => {
    const tooAlike = prompts.flatMap((one) =>
      prompts
        .filter((other) => other !== one && sharedPart(one.prompt, other.prompt) > 0.3)
        .map((other) => `${one.name} and ${other.name}`),
    );
    expect(tooAlike).toEqual([]);
  });

  it('would be found out if one were a copy of another, with a new ending or with words exchanged', () => {
    const [one = { prompt: '' }] = prompts;
    expect(sharedPart(one.prompt, `${one.prompt}\n\nAnd one more sentence.`)).toBeGreaterThan(0.9);
    const reworded = one.prompt.replaceAll('the ', 'its ').replaceAll('code', 'programs');
    expect(sharedPart(one.prompt, reworded)).toBeGreaterThan(0.8);
  });
});
