import { expect, it } from 'vitest';
import { stepKey } from '../../src/workflows/step-key.ts';

it('joins the names of the scopes and of the step', () => {
  expect(stepKey('', 'review')).toBe('review');
  expect(stepKey('round-2/left', 'review')).toBe('round-2/left/review');
});

it.each(['', 'a/b', 'line\nbreak', '\u0000', 'bell\u0007', 'x'.repeat(201)])('refuses %j as a name', (name) => {
  expect(() => stepKey('', name)).toThrow(expect.objectContaining({ code: 'INVALID_STEP' }));
});

it('takes what people call their steps', () => {
  for (const name of ['Prüfung 2', '審査', 'a.b:c', '🚀', 'x'.repeat(200)]) expect(stepKey('', name)).toBe(name);
});

it('refuses a name that is no text, as callers without types may give', () => {
  expect(() => stepKey('', 7 as unknown as string)).toThrow(expect.objectContaining({ code: 'INVALID_STEP' }));
});
