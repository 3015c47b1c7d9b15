import { expect, it } from 'vitest';
import { LiveView } from '../../../src/cli/view/live-view.ts';
import { widthOf } from '../../../src/cli/view/width.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { Events, execution, squad, usage } from './events.ts';
import { FakeTerminal } from './fake-terminal.ts';

const start = Date.UTC(2026, 0, 1);
const planKey = 'project_manager/model/1';

function watch(terminal: FakeTerminal): { clock: TestClock; view: LiveView; events: Events } {
  const clock = new TestClock(start);
  const view = new LiveView(terminal, clock);
  view.begin({ execution, squad, since: start });
  return { clock, view, events: new Events() };
}

it('shows who is at work with the text that streams, who comes next, and the sum', async () => {
  const terminal = new FakeTerminal();
  const { clock, view, events } = watch(terminal);
  view.take(events.step(planKey, { at: start }));
  view.take(events.asked('project_manager', 'm1', start));
  view.take(events.delta(planKey, '# Plan\n\nFirst this'));
  await clock.advance(1_500);
  expect(terminal.screen).toEqual([
    expect.stringMatching(/^. Ada {2}at work for 1\.5s, ~5 tokens so far$/),
    '  │ # Plan',
    '  │ ',
    '  │ First this',
    '○ Grace',
    '',
    '  1.5s',
  ]);
  view.take(events.step(planKey, { at: start + 2_000, phase: 'completed', usage }));
  await clock.advance(500);
  expect(terminal.screen).toEqual([
    '✓ Ada  done in 2.0s: 1,200 tokens in, 34 out, $0.0056',
    '○ Grace',
    '',
    '  2.0s · 1 model call · 1,200 tokens in, 34 out · $0.0056',
  ]);
  view.end();
  expect(terminal.screen).toEqual(['✓ Ada  done in 2.0s: 1,200 tokens in, 34 out, $0.0056']);
  expect(clock.timers).toBe(0);
});

it('drops what an attempt had said when a higher one begins to speak', async () => {
  const terminal = new FakeTerminal();
  const { clock, view, events } = watch(terminal);
  view.take(events.step(planKey, { at: start }));
  view.take(events.delta(planKey, 'Half of a first'));
  view.take(
    events.step(planKey, {
      at: start,
      phase: 'failed',
      dueAt: start + 1_000,
      error: { name: 'Error', message: 'gone' },
    }),
  );
  await clock.advance(100);
  expect(terminal.screen[0]).toBe('↻ Ada  attempt 1 failed: gone; again just now');
  view.take(events.step(planKey, { at: start, attempt: 2 }));
  view.take(events.delta(planKey, 'late words of the first', 1));
  view.take(events.delta(planKey, 'Whole', 2));
  await clock.advance(100);
  expect(terminal.screen.join('\n')).toMatch(/attempt 2, at work[^│]*│ Whole/);
  expect(terminal.screen.join('\n')).not.toMatch(/Half|late/);
});

it('shows what a wait asks for, and the command that gives it', async () => {
  const terminal = new FakeTerminal({ columns: 120 });
  const { clock, view, events } = watch(terminal);
  const details = JSON.stringify({ id: 'a', title: 'Go\u001b[2J?', details: null, choices: ['yes', "it's no"] });
  view.take(
    events.step('release', { at: start, type: 'approval', phase: 'waiting', details, dueAt: start + 3_600_000 }),
  );
  await clock.advance(100);
  expect(terminal.screen.slice(0, 2)).toEqual([
    expect.stringMatching(/release {2}waits for a person: Go\?, 59m left/),
    `    npx squadra approve ${execution.id} release yes   (or 'it'\\''s no')`,
  ]);
});

it('leaves a terminal in order after every frame, whatever a model says', async () => {
  const terminal = new FakeTerminal({ columns: 40, rows: 10 });
  const { clock, view, events } = watch(terminal);
  view.take(events.step(planKey, { at: start }));
  const hostile = [
    '\u001b[?1049h',
    '\u001b]0;title\u0007',
    '\u0007\u0008',
    'x'.repeat(100_000),
    '\n'.repeat(500),
    '汉字'.repeat(200),
    '\u202eabc',
  ];
  for (const text of hostile) {
    view.take(events.delta(planKey, text));
    await clock.advance(100);
    const frame = terminal.painted.at(-1) ?? '';
    expect(frame.startsWith('\x1b[?25l\x1b[?7l\r')).toBe(true);
    expect(frame.endsWith('\x1b[?7h\x1b[?25h')).toBe(true);
    const [, ...sequences] = frame.split('\x1b[');
    for (const sequence of sequences) expect(sequence).toMatch(/^(\?25[lh]|\?7[lh]|\d+A|K|J)/);
    expect(frame.replaceAll('\x1b[', '')).not.toMatch(/[^\P{Cc}\r\n]|\u202e/u);
    expect(terminal.screen.length).toBeLessThan(10);
    for (const line of terminal.screen) expect(widthOf(line)).toBeLessThan(40);
  }
});

it('shows the end of a list that is longer than the screen while it runs, and all of it at the end', async () => {
  const terminal = new FakeTerminal({ rows: 10 });
  const { clock, view, events } = watch(terminal);
  for (let step = 1; step <= 30; step++)
    view.take(events.step(`step-${step}`, { at: start, type: 'run', phase: 'completed' }));
  await clock.advance(100);
  expect(terminal.screen.length).toBeLessThan(10);
  expect(terminal.screen[0]).toContain('lines above');
  view.end();
  expect(terminal.screen.filter((line) => line.startsWith('✓'))).toHaveLength(30);
});

it('says that what was done before is not done again', async () => {
  const terminal = new FakeTerminal();
  const { clock, view, events } = watch(terminal);
  view.take(events.step(planKey, { at: start - 5_000, phase: 'completed', usage }));
  view.take(events.step('tester/model/1', { at: start - 4_000 }));
  const error = { name: 'SquadraError', code: 'IN_DOUBT', message: 'cut off' };
  view.take(events.step('tester/model/1', { at: start, phase: 'failed', dueAt: start, error }));
  await clock.advance(100);
  expect(terminal.screen.slice(0, 2)).toEqual([
    '✓ Ada    done already, not run again and not paid again',
    '↻ Grace  a crash cut off attempt 1; asked again',
  ]);
});

it('names the tool that is being used', async () => {
  const terminal = new FakeTerminal();
  const { clock, view, events } = watch(terminal);
  view.take(events.step(planKey, { at: start }));
  view.take(events.delta(planKey, 'I shall write it down.'));
  view.take(events.step(planKey, { at: start, phase: 'completed', output: '{"accepted":false}', usage }));
  view.take(events.step('project_manager/tool/1.1', { at: start, type: 'tool', details: '{"tool":"write"}' }));
  await clock.advance(1_000);
  expect(terminal.screen[0]).toMatch(/^. Ada {2}at work for 1\.0s, uses write$/);
  view.take(events.step('project_manager/tool/1.1', { at: start + 1_000, type: 'tool', phase: 'completed' }));
  view.take(events.step('project_manager/model/2', { at: start + 1_000 }));
  view.take(events.delta('project_manager/model/2', 'Done.'));
  await clock.advance(1_000);
  expect(terminal.screen.slice(0, 2)).toEqual([
    expect.stringMatching(/^. Ada {2}at work for 2\.0s, ~2 tokens so far$/),
    '  │ Done.',
  ]);
});
