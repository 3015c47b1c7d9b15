import { describe, expect, it } from 'vitest';
import { processTimes, treeTicks } from '../../bench/measure/process-cpu.ts';

const line = (name: string, parent: number, times: readonly number[]): string =>
  `7 (${name}) S ${parent} 7 7 0 -1 4194560 1 2 3 4 ${times.join(' ')} 20 0 11 0 5 6 7`;

describe('the CPU of processes', () => {
  it('is read behind whatever the process is called', () => {
    for (const name of ['node', 'a b', 'postgres: idle)', ') S 1 2'])
      expect(processTimes(line(name, 3, [10, 20, 5, 6]))).toEqual({ parent: 3, own: 30, ended: 11 });
  });

  it('counts what a process started, and what of that has ended', () => {
    const times = (parent: number, own: number, ended = 0) => ({ parent, own, ended });
    const all = new Map([
      [1, times(0, 1_000)],
      [2, times(1, 10, 5)],
      [3, times(2, 20)],
      [4, times(3, 40)],
      [5, times(1, 500)],
    ]);
    expect(treeTicks(all, 2)).toBe(75);
    expect(treeTicks(all, 9)).toBe(0);
  });
});
