import { expect, it } from 'vitest';
import { anchorsOf, fencesOf, linksOf, typedText } from './markdown.ts';

const page = [
  '# The `first` heading, with a comma',
  'See [the other](other.md#part), ![a picture](picture.svg "title") and `[not](this.md)`.',
  '<img src="logo.svg" alt="logo">',
  '```ts',
  'const link = "[nor](that.md)"; // npm run nothing',
  '```',
  'Type `npm run check`, then:',
  '```sh',
  'npx squadra show 1',
  '```',
].join('\n');

it('finds the links of prose and none in code', () => {
  expect(linksOf(page)).toEqual(['other.md#part', 'picture.svg', 'logo.svg']);
});

it('finds fenced blocks with their language and line', () => {
  expect(fencesOf(page).map(({ language, line }) => [language, line])).toEqual([
    ['ts', 4],
    ['sh', 8],
  ]);
});

it('makes anchors as GitHub does', () => {
  expect([...anchorsOf(page)]).toEqual(['the-first-heading-with-a-comma']);
});

it('takes inline code and shell lines for what a reader types', () => {
  expect(typedText(page).filter((line) => /npm run|squadra/.test(line))).toEqual([
    'npx squadra show 1',
    'npm run check',
  ]);
});
