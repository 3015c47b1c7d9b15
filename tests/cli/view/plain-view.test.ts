import { expect, it } from 'vitest';
import { PlainView } from '../../../src/cli/view/plain-view.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { Events, execution, squad, usage } from './events.ts';
import { FakeTerminal } from './fake-terminal.ts';

const start = Date.UTC(2026, 0, 1);

it('writes one line for what happens, and none twice', () => {
  const terminal = new FakeTerminal({ isLive: false });
  const view = new PlainView(terminal, new TestClock(start));
  const events = new Events();
  const failed = { name: 'Error', message: 'The\u001b[2J line\nbroke' };
  const wait = { at: start, type: 'wait', phase: 'waiting', details: JSON.stringify({ signal: 'go on' }) } as const;
  view.begin({ execution, squad, since: start });
  for (const event of [
    events.step('project_manager/model/1', { at: start }),
    events.asked('project_manager', 'm1', start),
    events.delta('project_manager/model/1', 'streams, and is not shown'),
    events.step('project_manager/model/1', { at: start, phase: 'failed', dueAt: start + 4_000, error: failed }),
    events.step('project_manager/model/1', { at: start + 4_000, attempt: 2 }),
    events.step('project_manager/model/1', { at: start + 5_000, attempt: 2, phase: 'completed', usage }),
    events.step('merge', { at: start, type: 'run', phase: 'completed' }),
    events.step('merge', {
      at: start,
      type: 'run',
      phase: 'warning',
      details: JSON.stringify({ text: 'It changed.' }),
    }),
    events.step('door', wait),
    events.step('door', wait),
    events.step('tester/model/1', { at: start, phase: 'failed', error: failed }),
  ])
    view.take(event);
  view.end();
  expect(terminal.notes).toEqual([
    `Execution ${execution.id}: pipeline, squad pair`,
    '> Ada works',
    '! Ada failed (attempt 1): The line broke; again in 4s',
    '> Ada works (attempt 2)',
    '+ Ada done in 5.0s: 1,200 tokens in, 34 out, $0.0056',
    '+ merge done',
    '! merge: It changed.',
    `? door waits for the signal 'go on'\n    npx squadra signal ${execution.id} 'go on' '{}'`,
    'x Grace failed: The line broke',
  ]);
});

it('tells of what is odd about a call as of the member that made it, and not as of work', () => {
  const terminal = new FakeTerminal({ isLive: false });
  const view = new PlainView(terminal, new TestClock(start));
  const events = new Events();
  const details = JSON.stringify({ text: 'It was given something else.' });
  view.begin({ execution, squad, since: start });
  for (const event of [
    events.asked('project_manager', 'm1', start),
    events.step('project_manager/model/1', { at: start, phase: 'completed', output: '{"accepted":false}', usage }),
    events.step('project_manager/model/1', { at: start, type: 'run', phase: 'warning', details }),
    events.step('project_manager/model/2', { at: start, phase: 'completed', usage }),
  ])
    view.take(event);
  expect(terminal.notes.slice(1)).toEqual([
    '! Ada: It was given something else.',
    '+ Ada done in 0ms: 2,400 tokens in, 68 out, $0.0112',
  ]);
});

it('shows the calls of an ask as one piece of work, with what the tools said', () => {
  const terminal = new FakeTerminal({ isLive: false });
  const view = new PlainView(terminal, new TestClock(start));
  const events = new Events();
  const [turn, tool, last] = ['project_manager/model/1', 'project_manager/tool/1.1', 'project_manager/model/2'];
  const wrote = { at: start + 2_000, type: 'tool', phase: 'completed', output: '{"ok":true,"tool":"write"}' } as const;
  view.begin({ execution, squad, since: start });
  for (const event of [
    events.asked('project_manager', 'm1', start),
    events.step(turn, { at: start }),
    events.step(turn, { at: start + 1_000, phase: 'completed', output: '{"accepted":false}', usage }),
    events.step(tool, { at: start + 1_000, type: 'tool', details: '{"tool":"write"}' }),
    events.toolResult(tool, 'Wrote\u001b[2J plan.md (3 bytes).\nAnd more.', start + 2_000),
    events.step(tool, wrote),
    events.step(last, { at: start + 2_000 }),
    events.step(last, { at: start + 4_000, phase: 'completed', usage }),
  ])
    view.take(event);
  expect(terminal.notes.slice(1)).toEqual([
    '> Ada works',
    '  Ada · write: Wrote plan.md (3 bytes).',
    '+ Ada done in 4.0s with 1 tool call: 2,400 tokens in, 68 out, $0.0112',
  ]);
});
