import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GatherWindow, windowMs } from '../../src/agents/gather-window.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout'] }));
afterEach(() => void vi.useRealTimers());

it.each([
  [0, 25],
  [0.3, 25],
  [0.6, 268.75],
  [0.9, 1_000],
  [1, 1_000],
])('gathers, %d busy, for %d ms', (utilization, expected) => {
  expect(windowMs(utilization)).toBeCloseTo(expected);
});

it('hands on the first at once, and what comes within the window after it together, each once', () => {
  const window = new GatherWindow();
  const handedOn: string[] = [];
  const [one, two] = [() => void handedOn.push('one'), () => void handedOn.push('two')];
  window.pass(one);
  expect(handedOn).toEqual(['one']);
  window.pass(two);
  window.pass(one);
  window.pass(two);
  expect(handedOn).toEqual(['one']);
  vi.runOnlyPendingTimers();
  expect(handedOn).toEqual(['one', 'two', 'one']);
});

it('goes on gathering while something comes, and begins anew after a quiet window', () => {
  const window = new GatherWindow();
  let count = 0;
  const handOn = (): void => void count++;
  window.pass(handOn);
  window.pass(handOn);
  vi.runOnlyPendingTimers();
  window.pass(handOn);
  expect(count).toBe(2);
  vi.runOnlyPendingTimers();
  expect(count).toBe(3);
  vi.runOnlyPendingTimers();
  expect(vi.getTimerCount()).toBe(0);
  window.pass(handOn);
  expect(count).toBe(4);
});
