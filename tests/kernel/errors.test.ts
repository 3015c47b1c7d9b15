import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorsPage } from '../../scripts/write-reference.ts';
import type { ErrorCode } from '../../src/kernel/errors.ts';
import { errorCatalogue, isErrorCode, isRetryable, NonRetryableError, SquadraError } from '../../src/kernel/errors.ts';

const codes = Object.keys(errorCatalogue) as ErrorCode[];

function page(path: string): string {
  return readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8');
}

/** The troubleshooting section of each heading that is a code. */
function sections(): Map<string, string> {
  const parts = page('troubleshooting.md').split(/^### /m).slice(1);
  return new Map(
    parts.map((part) => {
      const [heading = '', ...body] = part.split('\n');
      return [heading.replaceAll('`', '').trim(), body.join('\n').split(/^## /m)[0] ?? ''];
    }),
  );
}

describe('the error catalogue', () => {
  it.each(codes)('has a sensible row for %s', (code) => {
    const row = errorCatalogue[code];
    expect(code).toMatch(/^[A-Z]+(?:_[A-Z]+)*$/);
    expect(row.status).toBeGreaterThanOrEqual(400);
    expect(row.status).toBeLessThan(600);
    expect(row.help).toMatch(/^\S[^\n]{20,200}[.]$/);
  });

  it('is what the reference page says, to the letter', () => {
    expect(page('reference/errors.md')).toBe(errorsPage());
  });

  it('is documented completely, and nothing is documented that does not exist', () => {
    const documented = [...page('reference/errors.md').matchAll(/^\| \[`([A-Z_]+)`\]/gm)].map((match) => match[1]);
    expect(documented).toEqual(codes);
  });

  it('has a section for every code in troubleshooting, and no section for another', () => {
    expect([...sections().keys()].toSorted()).toEqual(codes.toSorted());
  });

  it.each(codes)('gives the cause and the cure of %s', (code) => {
    expect(sections().get(code)).toMatch(/\*\*Cause\.\*\* \S[\s\S]*\*\*Cure\.\*\* \S/);
  });
});

describe('a SquadraError', () => {
  it('carries the row of its code, its details and its cause', () => {
    const cause = new Error('disk');
    const error = new SquadraError('STORE_FULL', 'The disk is full.', { cause, details: { path: '/data' } });
    expect(error).toMatchObject({
      code: 'STORE_FULL',
      message: 'The disk is full.',
      details: { path: '/data' },
      ...errorCatalogue.STORE_FULL,
    });
    expect(error.cause).toBe(cause);
    expect(error).toBeInstanceOf(Error);
  });

  it('has a name that also opens its stack', () => {
    const error = new SquadraError('NOT_FOUND', 'No execution 7.');
    expect(error.name).toBe('SquadraError');
    expect(error.stack).toMatch(/^SquadraError: No execution 7\./);
    expect(Object.keys(error)).not.toContain('name');
  });

  it('has no cause and empty details unless they are given', () => {
    const error = new SquadraError('NOT_FOUND', 'No execution 7.');
    expect('cause' in error).toBe(false);
    expect(error.details).toEqual({});
  });
});

describe('a NonRetryableError', () => {
  it('has its name and cause, and classes made from it may have their own', () => {
    class CardExpired extends NonRetryableError {
      override name = 'CardExpired';
    }
    const error = new NonRetryableError('no', { cause: 'x' });
    expect([error.name, error.cause]).toEqual(['NonRetryableError', 'x']);
    expect(error.stack).toMatch(/^NonRetryableError: no/);
    expect(new CardExpired('no').name).toBe('CardExpired');
    expect(isRetryable(new CardExpired('no'))).toBe(false);
  });
});

describe('isRetryable', () => {
  it.each(codes)('reads the row of %s', (code) => {
    expect(isRetryable(new SquadraError(code, 'x'))).toBe(errorCatalogue[code].retryable);
  });

  it.each([new Error('x'), new TypeError('x'), 'text', undefined, { code: 'NOT_FOUND' }])('says yes to %s', (error) => {
    expect(isRetryable(error)).toBe(true);
  });
});

describe('isErrorCode', () => {
  it('knows the codes and nothing else', () => {
    expect(codes.every(isErrorCode)).toBe(true);
    expect(['toString', '__proto__', 'not_found', '', undefined, 5].some(isErrorCode)).toBe(false);
  });
});
