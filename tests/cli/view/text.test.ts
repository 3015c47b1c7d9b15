import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAge, formatCost, formatLeft, formatTime, formatTokens } from '../../../src/cli/view/figures.ts';
import { createInk } from '../../../src/cli/view/ink.ts';
import { safeJson, safeLine, safeText } from '../../../src/cli/view/safe-text.ts';
import { table } from '../../../src/cli/view/table.ts';
import { quoted } from '../../../src/cli/view/waiting.ts';
import { cutTo, padTo, widthOf, wrapTo } from '../../../src/cli/view/width.ts';
import { noUsage } from '../../../src/work/usage.ts';

describe('text of others', () => {
  it('keeps words, line breaks and tabs, and loses everything a terminal obeys', () => {
    expect(safeText('a\u001b[31mb\u001b[0m\r\nc\td\u0007\u009b2J\u202ee\rf')).toBe('ab\nc\tde\nf');
    expect(safeLine('  a\n\n b\tc ')).toBe('a b c');
  });

  it('never has a control character left', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(safeText(text)).not.toMatch(/[^\P{Cc}\t\n]/u);
        expect(safeJson({ text })).not.toMatch(/\p{Cc}/u);
        expect(JSON.parse(safeJson({ text }))).toEqual({ text });
      }),
    );
  });
});

describe('widths', () => {
  it('count what a terminal draws', () => {
    expect(['abc', '汉字', 'é', 'e\u0301', '🙂', '👩‍👩‍👧'].map(widthOf)).toEqual([3, 4, 1, 1, 2, 2]);
    expect(padTo('汉', 4)).toBe('汉  ');
    expect(cutTo('汉字汉字', 5)).toBe('汉字…');
    expect(cutTo('short', 5)).toBe('short');
  });

  it('hold for every line of a wrapped text, and no word gets lost', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 40 }), (text, width) => {
        const line = safeLine(text);
        const lines = wrapTo(line, width);
        for (const each of lines) expect(widthOf(each)).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(/\s/g, '')).toBe(line.replaceAll(/\s/g, ''));
        expect(widthOf(cutTo(line, width))).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe('a table', () => {
  const columns = [
    { title: 'NAME', text: (row: { name: string }) => row.name, flexible: true },
    { title: 'N', text: (row: { n: number }) => String(row.n), right: true },
  ];
  const rows = [
    { name: 'a rather long name', n: 1 },
    { name: 'b', n: 200 },
  ];

  it('aligns its columns', () => {
    expect(table(rows, columns, null, createInk(false)).split('\n')).toEqual([
      'NAME                  N',
      'a rather long name    1',
      'b                   200',
    ]);
  });

  it('cuts the flexible column where the terminal is narrow', () => {
    for (const line of table(rows, columns, 16, createInk(false)).split('\n'))
      expect(widthOf(line)).toBeLessThanOrEqual(16);
  });
});

describe('figures', () => {
  it('tell estimates, and calls without a price, from what is known', () => {
    const usage = { ...noUsage, inputTokens: 12_345, outputTokens: 6, modelCalls: 2, costMicroUsd: 1_234_567 };
    expect(formatTokens(usage)).toBe('12,345 tokens in, 6 out');
    expect(formatTokens({ ...usage, estimatedCalls: 1 })).toBe('~12,345 tokens in, ~6 out');
    expect(formatCost(usage)).toBe('$1.23');
    expect(formatCost({ ...usage, costMicroUsd: 12 })).toBe('<$0.0001');
    expect(formatCost({ ...usage, unpricedCalls: 1, estimatedCalls: 1 })).toBe('~$1.23 + unpriced');
    expect(formatCost({ ...usage, unpricedCalls: 2 })).toBe('unpriced');
    expect(formatCost(noUsage)).toBe('$0.00');
  });

  it('say times as people do', () => {
    const now = Date.UTC(2026, 0, 10);
    expect(formatAge(now - 1_000, now)).toBe('just now');
    expect(formatAge(now - 42_900, now)).toBe('42s ago');
    expect(formatAge(now - 3_700_000, now)).toBe('1h ago');
    expect(formatAge(now + 2 * 86_400_000, now)).toBe('in 2d');
    expect(formatLeft(now + 90_000, now)).toBe('1m left');
    expect(formatLeft(now - 1, now)).toBe('due');
    expect(formatTime(new Date(2026, 2, 1, 4, 5, 6).getTime())).toBe('2026-03-01 04:05:06');
  });
});

it('quotes a word for a shell when it has to', () => {
  expect(['release', 'round-1/ok', "it's", 'a b', '$(rm)'].map(quoted)).toEqual([
    'release',
    'round-1/ok',
    String.raw`'it'\''s'`,
    "'a b'",
    "'$(rm)'",
  ]);
});

it('colours only where colours are wanted', () => {
  expect(createInk(true).red('x')).toBe('\x1b[31mx\x1b[39m');
  expect(createInk(false).red('x')).toBe('x');
});
