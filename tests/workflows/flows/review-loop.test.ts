import { describe, expect, it } from 'vitest';
import { Stage, type StageScript } from './stage.ts';

/** Accepts in the round given, and has one finding in each before. */
function acceptsIn(round: number): StageScript {
  return ({ ask, schema, member }) => {
    if (schema === null) return `${member}, ${ask}.`;
    const accepts = ask === `review-${round}`;
    return {
      verdict: accepts ? 'accept' : 'revise',
      summary: `Seen in ${ask}.`,
      findings: accepts ? [] : [`Mend this (${ask}).`],
    };
  };
}

describe('a review loop', () => {
  it('goes on until the reviewer accepts', async () => {
    const stage = new Stage(['backend_developer', 'reviewer'], acceptsIn(2));
    const outcome = await stage.play('review-loop', { message: 'Write a parser' });
    expect(outcome).toEqual({
      status: 'completed',
      output: { text: 'Backend developer, draft-2.', accepted: true, rounds: 2, findings: [] },
    });
    expect(stage.asks).toEqual(['draft-1', 'review-1', 'draft-2', 'review-2']);
  });

  it('gives the author its draft and the review, and the reviewer the draft and what it said before', async () => {
    const stage = new Stage(['backend_developer', 'reviewer'], acceptsIn(2));
    await stage.play('review-loop', { message: 'Write a parser' });
    const after = (ask: string): string => stage.messageOf(ask).replace(/^[^]*?(?=# Request)/, '');
    const review = '# From Reviewer (reviewer), review 1\n\nSeen in review-1.\n\n1. Mend this (review-1).';
    expect(stage.messageOf('draft-1')).toBe('Write a parser');
    expect(stage.messageOf('review-1')).toMatch(/^Review of draft 1 \(round 1 of 3\)\.\n/);
    expect(after('review-1')).toBe(
      '# Request\n\nWrite a parser\n\n# From Backend developer (backend_developer), draft 1\n\nBackend developer, draft-1.',
    );
    expect(stage.messageOf('draft-2')).toMatch(/^Draft 2 \(round 2 of 3\)\.\n/);
    expect(after('draft-2')).toBe(`${after('review-1')}\n\n${review}`);
    expect(after('review-2')).toBe(
      `# Request\n\nWrite a parser\n\n# From Backend developer (backend_developer), draft 2\n\nBackend developer, draft-2.\n\n${review}`,
    );
  });

  it('ends after the rounds it was given, with the last draft and what is left to mend', async () => {
    const stage = new Stage(['backend_developer', 'reviewer'], acceptsIn(9));
    const outcome = await stage.play('review-loop', { message: 'Write a parser', rounds: 2 });
    expect(outcome).toMatchObject({
      status: 'completed',
      output: { text: 'Backend developer, draft-2.', accepted: false, rounds: 2, findings: ['Mend this (review-2).'] },
    });
    expect(stage.asks).toHaveLength(4);
  });

  it.each([
    ['the first and the last member where nothing is said', {}, 'Tech lead', 'Reviewer 2'],
    ['a role', { author: 'tester', reviewer: 'reviewer' }, 'Tester', 'Reviewer'],
    ['the name in the flow', { author: 'tester-2', reviewer: 'reviewer-2' }, 'Ada', 'Reviewer 2'],
    ["a member's own name", { author: 'Ada' }, 'Ada', 'Reviewer 2'],
    ['one member for both', { author: 'tester', reviewer: 'tester' }, 'Tester', 'Tester'],
  ])('takes %s', async (_, options, author, reviewer) => {
    const roles = ['tech_lead', 'tester', 'reviewer', { role: 'tester', name: 'Ada' }, 'reviewer'];
    const stage = new Stage(roles, acceptsIn(1));
    await stage.play('review-loop', { message: 'Write a parser', ...options });
    expect(stage.calls.map(({ member }) => member)).toEqual([author, reviewer]);
  });

  it.each(['author', 'reviewer'])('fails with the members there are when the %s is none of them', async (option) => {
    const stage = new Stage(['tester'], acceptsIn(1));
    const outcome = await stage.play('review-loop', { message: 'Write a parser', [option]: 'wizard' });
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { code: 'UNKNOWN_ROLE', details: { [option]: 'wizard', known: ['tester'] } },
    });
    expect(stage.calls).toEqual([]);
  });

  it.each([0, 11, 1.5, '3', null])('refuses %j rounds', async (rounds) => {
    const stage = new Stage(['tester'], acceptsIn(1));
    await using squadra = await stage.open();
    const submitted = squadra.submit('review-loop', { squad: 'us', input: { message: 'Write', rounds } });
    await expect(submitted).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('has an answer that is no verdict repaired by the reviewer itself', async () => {
    const script = acceptsIn(1);
    const stage = new Stage(['tester', 'reviewer'], (call) =>
      call.schema !== null && call.turn === 1 ? 'Fine!' : script(call),
    );
    const outcome = await stage.play('review-loop', { message: 'Write a parser' });
    expect(outcome).toMatchObject({ output: { accepted: true, rounds: 1 } });
    expect(stage.calls.map(({ ask, turn }) => `${ask}/${turn}`)).toEqual(['draft-1/1', 'review-1/1', 'review-1/2']);
  });
});
