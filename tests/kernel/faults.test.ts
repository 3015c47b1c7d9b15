import { describe, expect, it } from 'vitest';
import { faultPoints, noFaults } from '../../src/kernel/faults.ts';

describe('fault points', () => {
  it('come in pairs around each commit, each once', () => {
    const operations = new Set(faultPoints.map((point) => point.split('.')[0]));
    const pairs = [...operations].flatMap((operation) => [`${operation}.before`, `${operation}.after`]);
    expect(faultPoints).toEqual(pairs);
  });

  it('do nothing in production', () => {
    for (const point of faultPoints) expect(noFaults.at(point)).toBeUndefined();
  });
});
