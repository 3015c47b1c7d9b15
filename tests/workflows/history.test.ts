import { describe, expect, it } from 'vitest';
import type { Journaled, JournalRecord, StatusRecord, StepRecord } from '../../src/work/journal.ts';
import { stepRecord } from '../../src/workflows/effect.ts';
import { historyOf, sizeOf } from '../../src/workflows/history.ts';

const error = { name: 'Error', message: 'broken' };
const inDoubt = { name: 'SquadraError', message: 'cut off', code: 'IN_DOUBT' };

function step(key: string, phase: StepRecord['phase'], parts: Parameters<typeof stepRecord>[3] = {}): StepRecord {
  return stepRecord(key, 'run', phase, parts);
}
function status(name: StatusRecord['status'], reason?: string): StatusRecord {
  return { kind: 'status', status: name, ...(reason === undefined ? {} : { reason }) };
}
function message(stepKey: string | null, text: string): JournalRecord {
  return { kind: 'message', message: { role: 'assistant', kind: 'answer', memberId: null, text, stepKey } };
}
function journal(...records: readonly JournalRecord[]): Journaled[] {
  return records.map((record, place) => ({ ...record, seq: place + 1, at: place }));
}

describe('the order of a history', () => {
  it('is that of the commits that ended the steps, failures for good included', () => {
    const { order } = historyOf(
      journal(
        step('open', 'waiting'),
        step('b', 'failed', { error, dueAt: 5 }),
        step('a', 'completed'),
        step('c', 'failed', { error }),
        step('b', 'completed', { attempt: 2 }),
      ),
    );
    expect(order).toEqual(['a', 'c', 'b']);
  });

  it('of an empty journal is empty', () => {
    expect(historyOf([])).toMatchObject({ order: [], size: 0, resumes: 0 });
  });
});

describe('attempts', () => {
  it('count, and those that failed use up retries', () => {
    const { steps } = historyOf(
      journal(
        step('a', 'failed', { attempt: 1, error, dueAt: 5 }),
        step('a', 'failed', { attempt: 2, error, dueAt: 9 }),
        step('a', 'intent', { attempt: 3 }),
      ),
    );
    expect(steps.get('a')).toMatchObject({ attempts: 3, failures: 2, final: null, inDoubt: { attempt: 3 } });
  });

  it('that a crash cut off use up none, and are in doubt until something is heard of them', () => {
    const cutOff = [step('a', 'intent'), step('a', 'failed', { error: inDoubt, dueAt: 1 })];
    const { steps } = historyOf(journal(...cutOff, step('a', 'intent', { attempt: 2 })));
    expect(steps.get('a')).toMatchObject({ failures: 0, attempts: 2, inDoubt: { attempt: 2 } });
    const heard = historyOf(journal(...cutOff, step('a', 'completed', { attempt: 2 })));
    expect(heard.steps.get('a')).toMatchObject({ inDoubt: null, final: { phase: 'completed' } });
  });
});

describe('a retry of the execution', () => {
  it('leaves in doubt what the end of the execution cut off', () => {
    const cutOff = { name: 'SquadraError', message: 'ended', code: 'EXECUTION_CANCELLED' };
    const ended = [step('a', 'intent'), step('a', 'failed', { error: cutOff }), status('failed'), status('queued')];
    const { steps } = historyOf(journal(...ended));
    expect(steps.get('a')).toMatchObject({ final: null, failures: 0, inDoubt: { attempt: 1, phase: 'failed' } });
    const heard = historyOf(journal(...ended, step('a', 'intent', { attempt: 2 }), step('a', 'completed')));
    expect(heard.steps.get('a')).toMatchObject({ inDoubt: null, final: { phase: 'completed' } });
  });

  it('voids failures and keeps what is completed, what is open, and the numbers of attempts', () => {
    const { steps, order } = historyOf(
      journal(
        step('done', 'completed', { output: '1' }),
        step('nap', 'waiting', { dueAt: 99 }),
        step('broken', 'failed', { attempt: 5, error }),
        status('failed'),
        status('queued'),
      ),
    );
    expect(order).toEqual(['done']);
    expect(steps.get('broken')).toMatchObject({ final: null, failed: null, failures: 0, attempts: 5 });
    expect(steps.get('nap')).toMatchObject({ waiting: { dueAt: 99 } });
  });
});

describe('resumes', () => {
  const resumed = status('running', 'resumed');

  it('count crashes in a row without progress', () => {
    expect(historyOf(journal(status('queued'), status('running'), resumed, resumed)).resumes).toBe(2);
  });

  it('begin again after a step got further, and after it was parked or queued', () => {
    const progresses = [
      [step('a', 'completed')],
      [step('a', 'failed', { error, dueAt: 5 })],
      [step('a', 'waiting')],
      [status('waiting'), status('running')],
      [status('failed'), status('queued'), status('running')],
    ];
    const counts = progresses.map((progress) => historyOf(journal(resumed, resumed, ...progress, resumed)).resumes);
    expect(counts).toEqual([1, 1, 1, 1, 1]);
  });

  it('go on over an intent, what settles it after a crash, and a warning', () => {
    for (const nothing of [
      step('a', 'intent'),
      step('a', 'failed', { error: inDoubt, dueAt: 5 }),
      step('a', 'warning', { details: '{"text":"odd"}' }),
    ]) {
      expect(historyOf(journal(resumed, resumed, nothing, resumed)).resumes).toBe(3);
    }
  });
});

describe('what else a history knows of a step', () => {
  it('the messages it left, the first hash of its input, and that it was warned of', () => {
    const { steps } = historyOf(
      journal(
        message(null, 'the request'),
        step('a', 'intent', { inputHash: 'first' }),
        message('a', 'one'),
        message('a', 'two'),
        step('a', 'completed', { inputHash: 'second' }),
        step('a', 'warning'),
      ),
    );
    const a = steps.get('a');
    expect(a?.messages.map(({ text }) => text)).toEqual(['one', 'two']);
    expect(a).toMatchObject({ inputHash: 'first', warned: true });
  });
});

it('the size counts outputs, details and texts', () => {
  const records = [step('a', 'completed', { output: '12345', details: '123' }), message('a', '1234'), status('queued')];
  expect(records.map(sizeOf)).toEqual([8, 4, 0]);
  expect(historyOf(journal(...records)).size).toBe(12);
});
