import { expect, it } from 'vitest';
import { chosenKey, hashKey, makeKey, mayBeKey } from '../../src/access/api-key.ts';

it('makes keys of 256 bits that tell themselves apart by their prefix', () => {
  const made = Array.from({ length: 200 }, () => makeKey());
  for (const { text, prefix, hash } of made) {
    expect(text).toMatch(/^sqd_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}$/);
    expect(text.slice(0, 12)).toBe(prefix);
    expect(hash).toBe(hashKey(text));
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(mayBeKey(text)).toBe(true);
  }
  expect(new Set(made.map(({ prefix }) => prefix)).size).toBe(200);
});

it('uses every character equally often, whatever bytes chance gives', () => {
  let next = 0;
  const { text } = makeKey((length) => Uint8Array.from({ length }, () => next++ % 256));
  // 248 to 255 are thrown away: they would make the first eight characters likelier than the others.
  expect(text).toBe('sqd_01234567_89ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno'.slice(0, 13) + text.slice(13));
  next = 248;
  expect(makeKey((length) => Uint8Array.from({ length }, () => next++ % 256)).prefix).toBe(
    'sqd_01234567'.slice(0, 4) + '01234567',
  );
});

it('takes a key that an operator chose, unless it is too short or cannot be typed', () => {
  expect(chosenKey('0123456789abcdef')).toMatchObject({ prefix: 'chosen', hash: hashKey('0123456789abcdef') });
  const { text, prefix } = makeKey();
  expect(chosenKey(text)).toMatchObject({ prefix });
  for (const bad of [
    '',
    'short',
    '0123456789abcde',
    'with a space in it',
    'ünïcödé-ünïcödé-ünïcödé',
    'x'.repeat(513),
    'line\nbreak-line\nbreak',
  ])
    expect(chosenKey(bad)).toBeNull();
});
