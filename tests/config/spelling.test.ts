import { describe, expect, it } from 'vitest';
import { suggestion } from '../../src/config/spelling.ts';

const names = ['stateDir', 'maxSteps', 'readers', 'readerTimeout'];

describe('suggestion', () => {
  it.each([
    ['statedir', 'stateDir'],
    ['maxStep', 'maxSteps'],
    ['readres', 'readers'],
    ['readTimeout', 'readerTimeout'],
  ])('takes %s for %s', (name, meant) => {
    expect(suggestion(name, names)).toBe(`; did you mean ${meant}?`);
  });

  it.each(['port', 'x', '', 'completelyDifferent'])('says nothing about %j, which is like none', (name) => {
    expect(suggestion(name, names)).toBe('');
  });
});
