import { describe, expect, it } from 'vitest';
import type { ExecutionSummary } from '../../src/client.ts';
import { rowsOf, withNext } from '../../dashboard/src/executions/pages.ts';
import { requestText, wholeRequest } from '../../dashboard/src/executions/request-text.ts';
import { submissionOf } from '../../dashboard/src/executions/submission-draft.ts';

/** A page as far as lists look at it. */
const page = (ids: string, nextCursor: string | null) => ({
  items: ids.split('').map((id) => ({ id }) as ExecutionSummary),
  nextCursor,
});

describe('pages that follow one another', () => {
  it('are one list, in which what moved to the next page stands once', () => {
    const rows = rowsOf([page('edc', 'c'), page('cba', null), undefined]);
    expect(rows.map(({ execution, page: at }) => `${execution.id}${at}`)).toEqual(['e0', 'd0', 'c0', 'b1', 'a1']);
  });

  it('are known one after the other', () => {
    const one = withNext([''], 0, page('', 'c'));
    expect(one).toEqual(['', 'c']);
    expect(withNext(one, 1, page('', null))).toBe(one);
    expect(withNext(one, 0, page('', 'c'))).toBe(one);
  });

  it('begin elsewhere when new ones came before them', () => {
    expect(withNext(['', 'c', 'a'], 0, page('', 'd'))).toEqual(['', 'd']);
    expect(withNext(['', 'c', 'a'], 1, page('', null))).toEqual(['', 'c']);
  });
});

describe('what an execution was asked for', () => {
  it('is its message in one line, or its input', () => {
    expect(requestText({ message: ' Plan\n a login ' })).toBe('Plan a login');
    expect(requestText('Text')).toBe('Text');
    expect(requestText({ steps: 3 })).toBe('{"steps":3}');
    expect(requestText(null)).toBe('Without a request');
  });

  it('is cut where it is long, and never within a character', () => {
    expect(requestText(`${'x'.repeat(299)}🌍${'y'.repeat(50)}`)).toBe(`${'x'.repeat(299)}\uFFFD…`);
    expect(wholeRequest({ message: ' a\nb ' })).toBe(' a\nb ');
  });
});

describe('a request that is typed', () => {
  const draft = { squad: 'software', message: 'Plan', priority: '', usd: '', tokens: '' };

  it('is sent with what was said of it', () => {
    expect(submissionOf(draft)).toEqual({ squad: 'software', message: 'Plan' });
    expect(submissionOf({ ...draft, priority: '-5', usd: '0.25', tokens: '1000' })).toEqual({
      squad: 'software',
      message: 'Plan',
      priority: -5,
      budget: { limitMicroUsd: 250_000, limitTokens: 1_000, onExceeded: 'ask' },
    });
  });

  it.each([
    { ...draft, message: '  ' },
    { ...draft, priority: '1.5' },
    { ...draft, priority: '101' },
    { ...draft, usd: '-1' },
    { ...draft, tokens: 'many' },
    { ...draft, tokens: '0' },
  ])('is not sent while something is missing or no number: %o', (wrong) => {
    expect(submissionOf(wrong)).toBeNull();
  });
});
