import { expect, it } from 'vitest';
import type { ExecutionDocument } from '../../src/client.ts';
import { compareSteps, costInAll, originOf } from '../../dashboard/src/execution/comparison.ts';
import { outcomeText } from '../../dashboard/src/execution/outcome-text.ts';

type Step = ExecutionDocument['steps'][number];

const step = (key: string, more: Partial<Step> = {}): Step => ({
  key,
  type: 'run',
  status: 'completed',
  attempts: 1,
  failures: [],
  output: null,
  error: null,
  warnings: [],
  waitsFor: null,
  dueAt: null,
  usage: null,
  forkedFrom: null,
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: '2026-01-01T00:00:01.000Z',
  ...more,
});

it('every step of either side stands once, in the order of the left one', () => {
  const rows = compareSteps(
    { steps: [step('a'), step('b', { endedAt: null })] },
    { steps: [step('a', { forkedFrom: 'origin' }), step('c')] },
  );
  expect(rows.map(({ key, left, right }) => [key, left?.durationMs, right?.durationMs, right?.isTakenOver])).toEqual([
    ['a', 1_000, 1_000, true],
    ['b', null, undefined, undefined],
    ['c', undefined, 1_000, false],
  ]);
});

it('a fork says where it comes from, and nothing else does', () => {
  expect(originOf({ metadata: { forkedFrom: { executionId: 'x', step: 'a' } } })).toEqual({ id: 'x', step: 'a' });
  expect([null, {}, { forkedFrom: 'x' }, 'x', []].map((metadata) => originOf({ metadata }))).toEqual(
    Array.from({ length: 5 }, () => null),
  );
});

it('what came out is the answer, the error or the reason', () => {
  const ended = { output: null, error: null, reason: null };
  expect(outcomeText({ ...ended, status: 'completed', output: { text: 'Done.' } })).toBe('Done.');
  expect(outcomeText({ ...ended, status: 'completed', output: { n: 1 } })).toContain('"n": 1');
  expect(outcomeText({ ...ended, status: 'failed', error: { message: 'Broken.' } })).toBe('Broken.');
  expect(outcomeText({ ...ended, status: 'cancelled', reason: 'Unwanted.' })).toBe('Unwanted.');
  expect(outcomeText({ ...ended, status: 'running' })).toBe('Nothing yet.');
});

it('what a fork took over costs where it was done, and counts in all', () => {
  const usage = {
    inputTokens: 1,
    outputTokens: 1,
    cachedTokens: 0,
    reasoningTokens: 0,
    costMicroUsd: 5,
    modelCalls: 1,
    estimatedCalls: 0,
    unpricedCalls: 0,
  };
  const origin = { costMicroUsd: 10, steps: [step('a', { usage }), step('b', { usage })] };
  const fork = { costMicroUsd: 7, steps: [step('a', { forkedFrom: 'origin' }), step('b', { usage })] };
  expect([costInAll(fork, origin), costInAll(origin, fork)]).toEqual([12, 10]);
});
