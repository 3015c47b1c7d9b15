import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { documents, replacePart } from '../../bench/report/documents.ts';
import { atLeast, below, figure, flat, isMet, roundsFigure } from '../../bench/report/figure.ts';
import { summary, table } from '../../bench/report/markdown.ts';
import { readable } from '../../bench/report/number.ts';
import type { Result } from '../../bench/report/result-file.ts';
import { svg } from '../../bench/report/svg.ts';
import { resultText } from '../../bench/report/text.ts';

const machine = {
  cpu: 'Some CPU',
  cores: 2,
  memoryBytes: 8 * 2 ** 30,
  kernel: 'Linux 6',
  node: '24.0.0',
  sqlite: '3.50.0',
  load: 0.1,
};

function result(scenario: string, figures: Result['figures']): Result {
  return {
    scenario,
    date: '2026-01-02T03:04:05.000Z',
    commit: 'abc',
    isQuick: false,
    machine,
    bareCommit: { p50Ms: 0.1, p99Ms: 0.2, count: 1_000 },
    settings: { executions: 20_000 },
    figures,
    plots: [],
  };
}

describe('a figure', () => {
  it('is met when it is at least, or below, what was asked', () => {
    const verdict = (value: number, asked: Parameters<typeof figure>[3]): boolean | null => {
      const one = figure('x', '', value, asked);
      return isMet(one, [one]);
    };
    expect([verdict(5, atLeast(5)), verdict(4.9, atLeast(5))]).toEqual([true, false]);
    expect([verdict(4.9, below(5)), verdict(5, below(5))]).toEqual([true, false]);
    expect(verdict(5, null)).toBeNull();
  });

  it('is met by the other of two that are one promise', () => {
    const [slow, share, poor] = [
      figure('rate', '/s', 4_000, atLeast(5_000, 'rate')),
      figure('share', '', 0.6, atLeast(0.5, 'rate')),
      figure('share', '', 0.4, atLeast(0.5, 'rate')),
    ];
    expect(isMet(slow, [slow, share])).toBe(true);
    expect(isMet(slow, [slow, poor])).toBe(false);
  });

  it('is flat when its interval reaches down to zero, or when it grows less than what matters', () => {
    const slope = (low: number, value: number, high: number): boolean | null =>
      isMet(roundsFigure('growth', 'MB/h', { median: value, min: low, max: high, count: 100 }, flat(2)), []);
    expect([slope(-1, 9, 19), slope(1, 1.5, 2), slope(1, 9, 19), slope(-9, -5, -1)]).toEqual([true, true, false, true]);
  });
});

describe('the report', () => {
  it('writes numbers so that they can be read', () => {
    expect([0, 0.0456, 1.005, 12.34, 99.96, 123.4, 12_345.6, NaN].map(readable)).toEqual([
      '0',
      '0.046',
      '1',
      '12.3',
      '100',
      '123',
      '12,346',
      '–',
    ]);
  });

  it('shows asked beside got, and says what is not met', () => {
    const text = resultText(result('latency', [figure('p99', 'ms', 9, below(8)), figure('p50', 'ms', 2)]));
    expect(text).toMatch(/p99 +9 ms +< 8 +not met/);
    expect(text).toMatch(/Some CPU, 2 cores, 8 GiB, Node 24.0.0, SQLite 3.50.0, Linux 6/);
    expect(text).toMatch(/bare commit {2}p50 0.1 ms, p99 0.2 ms/);
  });

  it('puts promises and the other engines into the summary', () => {
    const text = summary(
      new Map([
        ['latency', result('latency', [figure('p99', 'ms', 9, below(8)), figure('p50', 'ms', 2)])],
        ['peers', result('peers', [figure('Squadra: executions', '/s', 9_000), figure('Other: executions', '/s', 90)])],
      ]),
    );
    expect(text).toContain('| latency  | p99    | 9 ms     | < 8      | not met |');
    expect(text).not.toContain('p50');
    expect(text).toMatch(/\| Squadra +\| 9,000 \/s +\|\n\| Other +\| 90 \/s +\|/);
  });

  it('aligns tables as the formatter does', () => {
    expect(table(['a', 'long head'], [['x|y', '1']])).toBe(
      '| a    | long head |\n| ---- | --------- |\n| x\\|y | 1         |',
    );
  });

  it('draws bars and lines', () => {
    const bars = svg({ kind: 'bars', name: 'b', title: 'a < b', unit: '/s', bars: [{ label: 'ours', value: 10 }] });
    expect(bars).toContain('aria-label="a &lt; b"');
    expect(bars).toContain('10 /s');
    const points = [
      [0, 1],
      [1, NaN],
      [2, 3],
    ] as const;
    const lines = svg({
      kind: 'lines',
      name: 'l',
      title: 't',
      xUnit: 'min',
      lines: [{ label: 'RSS', unit: 'MB', points }],
    });
    expect(lines).toContain('<polyline');
    expect(lines).not.toContain('NaN');
  });

  it('replaces its part of a document and nothing else', () => {
    const text = 'before\n<!-- bench:start -->\nold\n<!-- bench:end -->\nafter\n';
    expect(replacePart(text, 'new')).toBe('before\n<!-- bench:start -->\n\nnew\n\n<!-- bench:end -->\nafter\n');
    expect(() => replacePart('no marks', 'new')).toThrow('has no part');
  });

  it('stands in the documents as the kept results have it', () => {
    const stale = documents().filter(({ path, text }) => readFileSync(path, 'utf8') !== text);
    expect(stale.map(({ path }) => path)).toEqual([]);
  });
});
