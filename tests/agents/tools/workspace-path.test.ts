import { resolve, sep } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWorkspacePath, showPath } from '../../../src/agents/tools/workspace/workspace-path.ts';

describe('a path in a workspace', () => {
  it.each([
    ['a.txt', 'a.txt'],
    ['src/app.ts', 'src/app.ts'],
    ['./src/x', 'src/x'],
    ['.github/workflows/ci.yml', '.github/workflows/ci.yml'],
    ['docs/', 'docs'],
    ['Größe & Maß (2).md', 'Größe & Maß (2).md'],
    ['..hidden/...x', '..hidden/...x'],
    ['', '.'],
    ['.', '.'],
    ['./', '.'],
  ])('%j is %j', (text, shown) => {
    expect(showPath(parseWorkspacePath(text))).toBe(shown);
  });

  it.each([
    ['../secret', /'\.\.'/],
    ['a/../../b', /'\.\.'/],
    ['a/./b', /'\.'/],
    ['a//b', /empty name/],
    ['/etc/passwd', /absolute/],
    ['~/.ssh/id_rsa', /home folder/],
    ['.//~root', /home folder/],
    ['C:\\Windows', /one of/],
    ['a\\..\\b', /one of/],
    ['file.txt:stream', /one of/],
    ['a\0.txt', /control/],
    ['a\nb', /control/],
    ['\u001b[31mred', /control/],
    ['a\u202Etxt.exe', /invisible/],
    ['con', /device/],
    ['src/NUL.txt', /device/],
    ['com1', /device/],
    ['x/.git/hooks/pre-commit', /\.git/],
    ['.GIT/config', /\.GIT/],
    ['name. ', /space or dot/],
    ['name.', /space or dot/],
    [`${'a'.repeat(256)}`, /255 bytes/],
    ['a/'.repeat(20), /deeper/],
    ['x'.repeat(10_000_000), /longer/],
  ])('is refused when it is hostile: row %#', (text, problem) => {
    expect(() => parseWorkspacePath(text)).toThrow(problem);
  });

  it('never shows more of a hostile path than fits on a line', () => {
    expect(() => parseWorkspacePath(`${'\u001b]0;x'.repeat(100_000)}`)).toThrow(
      expect.objectContaining({ name: 'NonRetryableError', message: expect.stringMatching(/^[\x20-\x7e…]{1,800}$/) }),
    );
  });

  it('never leads outside, whatever is written', () => {
    const piece = fc.constantFrom(
      '..',
      '.',
      '',
      'a',
      'B',
      '...',
      '.. ',
      '/',
      '\\',
      '~',
      'C:',
      '%2e%2e',
      '\u2025',
      '．．',
      '\0',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((pieces) => pieces.join('/')),
        ),
        (text) => {
          let names: readonly string[];
          try {
            names = parseWorkspacePath(text);
          } catch {
            return;
          }
          const at = resolve('/w/x', ...names);
          expect(at === resolve('/w/x') || at.startsWith(resolve('/w/x') + sep)).toBe(true);
          expect(parseWorkspacePath(showPath(names))).toEqual(names);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
