import { describe, expect, it } from 'vitest';
import { conversationEntries } from '../../dashboard/src/execution/conversation-entries.ts';
import { chainOf, failureOf } from '../../dashboard/src/execution/failure.ts';
import { spentOn } from '../../dashboard/src/execution/spent.ts';
import { Story } from '../../dashboard/src/execution/story.ts';
import type { StepEvent } from '../../dashboard/src/execution/step-story.ts';
import { spanOf, ticksOf, timelineRows } from '../../dashboard/src/execution/timeline-rows.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');
const at = (ms: number): string => new Date(start + ms).toISOString();
const usage = (costMicroUsd: number) => ({
  inputTokens: 10,
  outputTokens: 1,
  cachedTokens: 0,
  reasoningTokens: 0,
  costMicroUsd,
  modelCalls: 1,
  estimatedCalls: 0,
  unpricedCalls: 0,
});

/** Tells a story one step after the other; each event is a second later than the one before. */
function teller() {
  const story = new Story();
  let seq = 0;
  const step = (key: string, type: StepEvent['type'], phase: StepEvent['phase'], more: Partial<StepEvent> = {}) =>
    story.step({ seq: ++seq, key, type, phase, attempt: 1, createdAt: at(seq * 1_000), ...more });
  const say = (kind: 'request' | 'ask' | 'remark' | 'answer' | 'tool-result', text: string, stepKey: string | null) =>
    story.message({
      seq: ++seq,
      role: kind === 'tool-result' ? 'tool' : kind === 'answer' ? 'assistant' : 'user',
      memberId: null,
      kind,
      text,
      stepKey,
      createdAt: at(seq * 1_000),
    });
  return { story, step, say };
}

describe('a story', () => {
  it('counts an event once, however often it is told', () => {
    const { story, step } = teller();
    const event = { seq: 1, key: 'a', type: 'run', phase: 'completed', attempt: 1, createdAt: at(0) } as const;
    story.step(event);
    const before = story.steps.get('a');
    story.step(event);
    story.statusChange({ seq: 1, status: 'failed', createdAt: at(0) });
    expect([story.steps.get('a') === before, story.status]).toEqual([true, null]);
    step('b', 'run', 'intent', { seq: 2 });
    expect(story.lastSeq).toBe(2);
  });

  it('forgets what streamed as soon as the answer or the end of the attempt is stored', () => {
    const { story, step, say } = teller();
    const piece = { stepKey: 'a/model/1', attempt: 1, offset: 0, text: 'He' };
    step('a/model/1', 'model', 'intent');
    story.textDelta(piece);
    expect(story.live.get('a/model/1')?.text).toBe('He');
    step('a/model/1', 'model', 'failed', { dueAt: at(9_000), error: { name: 'Error', message: 'broken' } });
    expect(story.live.size).toBe(0);
    story.textDelta({ ...piece, offset: 2, text: 'llo' });
    expect(story.live.size).toBe(0);
    step('a/model/1', 'model', 'intent', { attempt: 2 });
    story.textDelta({ ...piece, attempt: 2, text: 'Hi' });
    expect(story.live.get('a/model/1')).toEqual({ attempt: 2, offset: 0, text: 'Hi' });
    say('answer', 'Hi.', 'a/model/1');
    expect(story.live.size).toBe(0);
  });

  it('tells tries, what cut them off, and what they cost', () => {
    const { story, step } = teller();
    step('a/model/1', 'model', 'intent');
    step('a/model/1', 'model', 'failed', {
      dueAt: at(5_000),
      error: { name: 'SquadraError', code: 'IN_DOUBT', message: 'cut off' },
      usage: usage(2),
    });
    expect(story.steps.get('a/model/1')).toMatchObject({ status: 'retrying', dueAt: start + 5_000 });
    step('a/model/1', 'model', 'intent', { attempt: 2 });
    step('a/model/1', 'model', 'completed', { attempt: 2, usage: usage(5), output: { model: 'm' } });
    expect(story.steps.get('a/model/1')).toMatchObject({
      status: 'completed',
      model: 'm',
      tries: [
        { number: 1, outcome: 'in-doubt', endedAt: start + 2_000 },
        { number: 2, outcome: 'completed', startedAt: start + 3_000 },
      ],
    });
    expect(spentOn(story)).toMatchObject({ costMicroUsd: 7, modelCalls: 2 });
  });
});

describe('the conversation', () => {
  it('shows with each result what the tool was given, and what has not come back at the end', () => {
    const { story, step, say } = teller();
    const calls = [
      { id: '1', name: 'list', input: '{}' },
      { id: '2', name: 'write', input: '{"path":"a"}' },
    ];
    say('ask', 'Do it', 'a');
    step('a/model/1', 'model', 'completed', { output: { accepted: false, calls } });
    step('a/tool/1.1', 'tool', 'intent', { details: { tool: 'list' } });
    say('tool-result', 'empty', 'a/tool/1.1');
    step('a/tool/1.1', 'tool', 'completed');
    step('a/tool/1.2', 'tool', 'intent', { details: { tool: 'write' } });
    expect(conversationEntries(story)).toMatchObject([
      { kind: 'said', message: { text: 'Do it' } },
      { kind: 'tool', name: 'list', input: '{}', result: { text: 'empty' } },
      { kind: 'tool', name: 'write', input: '{"path":"a"}', result: null, status: 'running' },
    ]);
  });

  it('ends with what is being said, and by whom', () => {
    const { story } = teller();
    story.message({
      seq: 1,
      role: 'user',
      memberId: 'm',
      kind: 'ask',
      text: 'Do it',
      stepKey: 'a/b',
      createdAt: at(0),
    });
    story.textSoFar({ stepKey: 'a/b/model/1', attempt: 1, offset: 0, text: 'I' });
    expect(conversationEntries(story).at(-1)).toMatchObject({
      kind: 'live',
      ask: 'a/b',
      memberId: 'm',
      live: { text: 'I' },
    });
  });
});

describe('the timeline', () => {
  it('puts calls below their ask, in the order in which they began', () => {
    const { story, step } = teller();
    step('plan', 'run', 'intent');
    step('a/model/1', 'model', 'intent');
    step('plan', 'run', 'completed');
    step('b/model/1', 'model', 'intent');
    step('a/model/1', 'model', 'completed');
    step('a/tool/1.1', 'tool', 'intent', { details: { tool: 'list' } });
    expect(timelineRows(story).map(({ depth, title, status }) => [depth, title, status])).toEqual([
      [0, 'plan', 'completed'],
      [0, 'a', 'running'],
      [1, 'Model call 1', 'completed'],
      [1, 'Tool list', 'running'],
      [0, 'b', 'running'],
      [1, 'Model call 1', 'running'],
    ]);
  });

  it('shows the pauses between tries, and the one that is on', () => {
    const { story, step } = teller();
    step('a', 'run', 'intent');
    step('a', 'run', 'failed', { dueAt: at(4_000) });
    step('a', 'run', 'intent', { attempt: 2, seq: 10, createdAt: at(5_000) });
    step('a', 'run', 'failed', { attempt: 2, seq: 11, createdAt: at(6_000), dueAt: at(9_000) });
    const [row] = timelineRows(story);
    expect(row?.bars.map(({ from, to, outcome }) => [from - start, (to ?? 0) - start, outcome])).toEqual([
      [1_000, 2_000, 'failed'],
      [2_000, 5_000, 'pause'],
      [5_000, 6_000, 'failed'],
      [6_000, 9_000, 'pause'],
    ]);
    expect([row?.status, row?.tries]).toEqual(['retrying', 2]);
  });

  it('has what tells no beginning begin where the story was', () => {
    const { story, step } = teller();
    step('nap', 'sleep', 'waiting', { dueAt: at(1_000) });
    step('nap', 'sleep', 'completed');
    step('fetch', 'run', 'completed', { createdAt: at(30_000) });
    step('kept', 'run', 'completed', { createdAt: at(31_000), details: { forkedFrom: 'another' } });
    expect(timelineRows(story).map(({ key, from, to }) => [key, from - start, (to ?? 0) - start])).toEqual([
      ['nap', 1_000, 2_000],
      ['fetch', 2_000, 30_000],
      ['kept', 31_000, 31_000],
    ]);
  });

  it('takes a wait that is looked at again for one wait', () => {
    const { story, step } = teller();
    step('nap', 'sleep', 'waiting', { dueAt: at(60_000) });
    step('nap', 'sleep', 'waiting', { dueAt: at(60_000) });
    const [row] = timelineRows(story);
    expect(row?.bars).toEqual([{ from: start + 1_000, to: null, outcome: 'waiting', attempt: 1 }]);
    expect(spanOf(timelineRows(story), start + 31_000)).toEqual({ from: start + 1_000, to: start + 31_000 });
  });

  it('has something to divide by when nothing has taken any time', () => {
    expect(spanOf([], start)).toEqual({ from: start, to: start + 10 });
  });

  it('has round times on its axis, and no more than fit', () => {
    expect(ticksOf(2_900, 6)).toEqual([500, 1_000, 1_500, 2_000, 2_500]);
    expect(ticksOf(86_400_000, 6)).toHaveLength(4);
    expect(ticksOf(10 ** 12, 6).length).toBeLessThanOrEqual(6);
  });
});

describe('a failure', () => {
  it('is told with what caused it', () => {
    const failure = failureOf({
      name: 'E',
      message: 'outer',
      code: 'STEP_FAILED',
      cause: { name: 'F', message: 'inner' },
    });
    expect(failure === null ? [] : chainOf(failure).map(({ code, message }) => [code, message])).toEqual([
      ['STEP_FAILED', 'outer'],
      [undefined, 'inner'],
    ]);
  });

  it('may come from anywhere: what is none is none, and no chain goes on for ever', () => {
    expect([failureOf(null), failureOf('x'), failureOf({ code: 1 })]).toEqual([null, null, null]);
    const endless: Record<string, unknown> = { name: 'E', message: 'again' };
    endless['cause'] = endless;
    const failure = failureOf(endless);
    expect(failure === null ? 0 : chainOf(failure).length).toBeLessThan(20);
  });
});
