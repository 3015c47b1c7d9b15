import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../src/agents/retry-after.ts';
import { scrubError, scrubText } from '../../src/agents/scrub.ts';

describe('text of a provider', () => {
  it.each([
    ['known secrets', 'The key hunter2hunter2 is wrong', 'The key [secret] is wrong'],
    ['keys by their shape', 'Incorrect key sk-proj-abcdefgh1234', 'Incorrect key [secret]'],
    ['credentials of a header', 'Authorization: Bearer abc.def.ghi', 'Authorization: [secret]'],
    ['credentials of an address', 'GET https://me:word@example.com/v1', 'GET https://[secret]@example.com/v1'],
    ['control characters', 'red \u001b[31m\r\n text\u0000', 'red [31m text'],
  ])('loses %s', (_, given, expected) => {
    expect(scrubText(given, ['hunter2hunter2'])).toBe(expected);
  });

  it('is cut, however long it is', () => {
    expect(scrubText('x'.repeat(5_000_000), []).length).toBe(1_001);
  });

  it('is cleaned all the way down the causes, stacks included', () => {
    const inner = new Error('inner sk-abcdefgh12345');
    const clean = scrubError(new TypeError('outer sk-abcdefgh12345', { cause: inner }), []);
    expect(`${clean.stack} ${String(clean.cause)}`).not.toContain('abcdefgh');
    expect(clean).toMatchObject({ name: 'TypeError', message: 'outer [secret]', cause: { message: 'inner [secret]' } });
    expect(clean.stack).toContain('at ');
  });

  it('survives causes in a circle', () => {
    const error = new Error('round');
    error.cause = error;
    expect(scrubError(error, []).message).toBe('round');
  });
});

describe('Retry-After', () => {
  const now = Date.UTC(2026, 0, 1, 12);
  it.each([
    [{}, null],
    [{ 'retry-after': '3' }, 3_000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': 'Thu, 01 Jan 2026 12:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Thu, 01 Jan 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, null],
    [{ 'retry-after': '-5' }, null],
    [{ 'retry-after': '9', 'retry-after-ms': '120' }, 120],
    [{ 'retry-after': '9', 'retry-after-ms': 'x' }, 9_000],
  ])('%o is %s ms', (headers, expected) => {
    expect(retryAfterMs(headers, now)).toBe(expected);
  });
});
