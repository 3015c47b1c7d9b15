import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { askPerson } from '../../src/agents/ask-person.ts';
import type { Journaled, StepRecord } from '../../src/work/journal.ts';
import { runToEnd } from '../../src/testing/run-to-end.ts';
import type { RunToEndOptions } from '../../src/testing/run-to-end.ts';
import type { ScriptedAnswer } from '../../src/testing/scripted-answer.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import type { AnyTool } from '../../src/workflows/tool.ts';
import { defineTool } from '../../src/workflows/tool.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';

const hour = 3_600_000;

function asking(tools: readonly AnyTool[]) {
  return defineWorkflow({
    name: 'asking',
    run: async ({ squad }) => (await squad.ask('tester', 'Do it.', { tools })).text,
  });
}

function noting(run: () => unknown = () => 'noted', more: Partial<AnyTool> = {}): AnyTool {
  const tool = defineTool({ name: 'note', description: 'Notes.', input: z.object({ n: z.number() }), run });
  return { ...tool, ...more };
}

const calling = (name: string, input: ScriptedCallInput): ScriptedAnswer => ({ toolCalls: [{ name, input }] });
type ScriptedCallInput = Readonly<Record<string, string | number>>;

const squads = [{ name: 'one', members: [{ role: 'tester' }] }];
const play = (tools: readonly AnyTool[], options: RunToEndOptions) =>
  runToEnd(asking(tools), {}, { squad: 'one', squads, ...options });

const steps = (journal: readonly Journaled[]): readonly Journaled<StepRecord>[] =>
  journal.flatMap((record) => (record.kind === 'step' ? [record] : []));

describe('a tool that needs approval', () => {
  const answers = [calling('note', { n: 1 }), 'Done.', 'Done.'];
  const needing = (made: number[]): AnyTool => noting(() => made.push(1), { requireApproval: true });

  it('is called once a person has said yes, however often the process dies', async () => {
    const made: number[] = [];
    const { outcome, journal, calls } = await play([needing(made)], {
      answers,
      approvals: { 'tester/tool/1.1': 'approve' },
      crashAt: [
        'tester/model/1',
        'tester/tool/1.1/approval',
        'tester/tool/1.1',
        { step: 'tester/model/2', when: 'before' },
      ],
    });
    expect(outcome).toEqual({ status: 'completed', output: 'Done.' });
    expect(made).toHaveLength(1);
    // The last answer was lost with the process: the call was made again with the same bytes.
    expect(JSON.stringify(calls[2]?.prompt)).toBe(JSON.stringify(calls[1]?.prompt));
    expect(steps(journal).find(({ phase }) => phase === 'waiting')).toMatchObject({
      key: 'tester/tool/1.1/approval',
      type: 'approval',
      details: expect.stringContaining(String.raw`\"n\": 1`),
    });
  });

  it('is not called when a person says no, and the model is told why', async () => {
    const made: number[] = [];
    const { outcome, calls } = await play([needing(made)], {
      answers,
      approvals: { approval: { choice: 'reject', comment: 'Not today.' } },
    });
    expect(outcome).toEqual({ status: 'completed', output: 'Done.' });
    expect(made).toEqual([]);
    expect(calls[1]?.text).toBe('A person refused this call; it was not made. They said: Not today.');
  });
});

describe('a question of an agent', () => {
  it('waits for its answer in words, which is what the model reads', async () => {
    const { outcome, calls, journal } = await play([askPerson], {
      answers: [calling('ask_person', { question: 'When shall it be ready?' }), 'Then.'],
      approvals: { question: { choice: 'answer', text: 'In May,\nnot before.' } },
      crashAt: ['tester/tool/1.1/question', 'tester/tool/1.1'],
    });
    expect(outcome).toEqual({ status: 'completed', output: 'Then.' });
    expect(calls).toHaveLength(2);
    expect(calls[1]?.text).toBe('In May,\nnot before.');
    expect(journal.filter(({ kind }) => kind === 'message')).toMatchObject([
      { message: { kind: 'ask' } },
      { message: { kind: 'tool-result', role: 'tool', text: 'In May,\nnot before.' } },
      { message: { kind: 'answer' } },
    ]);
  });
});

describe('the time of an ask', () => {
  const slow = (clock: TestClock): AnyTool =>
    noting(() => clock.pause(40 * 60_000), { timeoutMs: hour, isReadOnly: true });
  const twice = [calling('note', { n: 1 }), calling('note', { n: 2 }), 'Done.'];

  it('runs from its first call on, through the death of the process', async () => {
    const clock = new TestClock();
    const { outcome, journal } = await play([slow(clock)], {
      clock,
      answers: twice,
      settings: { askTimeout: '1h' },
      crashAt: 'tester/tool/1.1',
    });
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'ASK_TIMEOUT' } });
    expect(steps(journal).at(-1)).toMatchObject({ key: 'tester/model/3', phase: 'failed' });
  });

  it('is enough when it is enough', async () => {
    const clock = new TestClock();
    const { outcome } = await play([slow(clock)], { clock, answers: twice, settings: { askTimeout: '2h' } });
    expect(outcome).toEqual({ status: 'completed', output: 'Done.' });
  });

  it('leaves out how long people take, also when the process dies meanwhile', async () => {
    const clock = new TestClock();
    const { outcome } = await play([askPerson], {
      clock,
      answers: [calling('ask_person', { question: 'One?' }), calling('ask_person', { question: 'Two?' }), 'Done.'],
      settings: { askTimeout: '1h' },
      approvals: () => {
        clock.set(clock.now() + 48 * hour);
        return { choice: 'answer', text: 'Yes.' };
      },
      crashAt: ['tester/tool/1.1/question', 'tester/tool/2.1'],
    });
    expect(outcome).toEqual({ status: 'completed', output: 'Done.' });
  });
});
