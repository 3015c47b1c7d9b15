import { expect, it } from 'vitest';
import { createInk } from '../../../src/cli/view/ink.ts';
import { ConvoyView, progressLine } from '../../../src/cli/view/convoy-view.ts';
import { widthOf } from '../../../src/cli/view/width.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import type { WorkItemStatus } from '../../../src/work/work-item.ts';
import { FakeTerminal } from './fake-terminal.ts';

type Counts = Record<WorkItemStatus, number>;
const none: Counts = { pending: 0, ready: 0, blocked: 0, in_progress: 0, completed: 0, failed: 0, cancelled: 0 };
const ink = createInk(false);

it('paints one line over itself on a terminal: a bar, what became of how many, and for how long', async () => {
  const terminal = new FakeTerminal();
  const clock = new TestClock();
  let counts: Counts = { ...none, ready: 10 };
  {
    using _view = new ConvoyView(terminal, clock, () => counts);
    expect(terminal.screen).toEqual([`[${'·'.repeat(30)}] 0 of 10 done · 0s`]);
    await clock.advance(7_400);
    expect(terminal.screen[0]).toMatch(/ · 7s$/);
    counts = { ...none, ready: 2, completed: 5, in_progress: 1, failed: 1, cancelled: 1 };
    await clock.advance(54_000);
    const words = '5 of 10 done, 1 running, 1 failed, 1 cancelled · 1m 01s';
    expect(terminal.screen).toEqual([expect.stringMatching(/^\[█+▒+█+·+\] /)]);
    expect(terminal.screen[0]).toContain(words);
    expect(widthOf(terminal.screen[0] ?? '')).toBe(79);
  }
  expect(terminal.screen).toEqual(['']);
  expect(clock.timers).toBe(0);
  expect(terminal.notes).toEqual([]);
});

it('tells lines where nothing is painted over: when something has changed, and not too often', async () => {
  const terminal = new FakeTerminal({ isLive: false });
  const clock = new TestClock();
  let counts: Counts | null = { ...none, ready: 3 };
  {
    using _view = new ConvoyView(terminal, clock, () => counts);
    await clock.advance(10_000);
    counts = { ...none, ready: 1, in_progress: 1, completed: 1 };
    await clock.advance(1_000);
    counts = { ...none, in_progress: 1, completed: 2 };
    await clock.advance(1_000);
    counts = null;
    await clock.advance(10_000);
  }
  expect(terminal.notes).toEqual(['0 of 3 done', '2 of 3 done, 1 running']);
  expect(terminal.painted).toEqual([]);
  expect(clock.timers).toBe(0);
});

it('fits any width: a shorter bar, none, or less of the words', () => {
  const counts = { ...none, completed: 1_200, in_progress: 200, failed: 17, cancelled: 40, blocked: 543 };
  const words = '1200 of 2000 done, 200 running, 17 failed, 40 cancelled · 12m 04s';
  for (let width = 1; width < 130; width++) {
    const line = progressLine(counts, ink, width, ' · 12m 04s');
    expect([width, widthOf(line) <= width]).toEqual([width, true]);
    expect([width, line.includes(words)]).toEqual([width, width >= words.length]);
    expect([width, line.startsWith('[')]).toEqual([width, width >= words.length + 11]);
  }
});

it('fills the bar only when all is over, and with what failed where something did', () => {
  const bar = (counts: Partial<Counts>): string =>
    /\[(.*)\]/.exec(progressLine({ ...none, ...counts }, ink))?.[1] ?? '';
  expect(bar({ completed: 200 })).toBe('█'.repeat(30));
  expect(bar({ failed: 3 })).toBe('█'.repeat(30));
  expect(bar({ in_progress: 3, ready: 3 })).toBe(`${'▒'.repeat(15)}${'·'.repeat(15)}`);
  expect(bar({ completed: 1, failed: 1, cancelled: 1 })).toHaveLength(30);
  expect(bar({ completed: 199, in_progress: 1 })).not.toBe('█'.repeat(30));
});
