import { describe, expect, it } from 'vitest';
import { limitsOf, roomOf } from '../../dashboard/src/costs/budget-amounts.ts';
import { changedFields, differencesOf, onTop } from '../../dashboard/src/squads/draft.ts';
import { draftOfMember, emptyMember, memberUpdateOf, newMemberOf } from '../../dashboard/src/squads/member-draft.ts';

const member = {
  id: 'm',
  name: 'مختبِر <script>',
  role: 'tester',
  specialization: 'security',
  provider: null,
  model: null,
  temperature: 0.7,
  instructions: 'Be brief.',
  tools: ['read', 'write'],
  version: 3,
};

describe('the form of a member', () => {
  it('changes nothing where nothing was typed', () => {
    const read = draftOfMember(member);
    expect(changedFields(read, read)).toEqual([]);
    expect(memberUpdateOf(read, read)).toEqual({});
  });

  it('sends what differs, takes defaults again where a field was emptied, and reads tools by line or comma', () => {
    const read = draftOfMember(member);
    const draft = { ...read, specialization: '', instructions: ' ', temperature: '1.2', tools: 'read, edit\n\nlist' };
    expect(memberUpdateOf(read, draft)).toEqual({
      specialization: null,
      instructions: null,
      temperature: 1.2,
      tools: ['read', 'edit', 'list'],
    });
  });

  it('makes a member of what was typed alone', () => {
    expect(newMemberOf({ ...emptyMember, role: 'tester', model: ' m ' })).toEqual({ role: 'tester', model: 'm' });
  });
});

describe('a form of which somebody else changed the thing', () => {
  const read = { name: 'a', model: 'x', role: 'tester' };
  const newer = { name: 'b', model: 'y', role: 'tester' };
  const draft = { name: 'c', model: 'x', role: 'reviewer' };

  it('tells what they changed, beside what was typed', () => {
    expect(differencesOf(read, newer, draft)).toEqual([
      { field: 'name', before: 'a', theirs: 'b', mine: 'c' },
      { field: 'model', before: 'x', theirs: 'y', mine: null },
    ]);
  });

  it('keeps what was typed on top of what they changed', () => {
    expect(onTop(read, newer, draft)).toEqual({ name: 'c', model: 'y', role: 'reviewer' });
  });
});

describe('a budget', () => {
  const budget = {
    scope: 'squad' as const,
    id: 's',
    period: 'day' as const,
    limitMicroUsd: 1_000_000,
    limitTokens: null,
    onExceeded: 'ask' as const,
    spentMicroUsd: 900_000,
    spentTokens: 5,
    reservedMicroUsd: 300_000,
    reservedTokens: 0,
    raisedMicroUsd: 250_000,
    raisedTokens: 0,
    periodStart: null,
    periodEnd: null,
    updatedAt: '2026-01-01T00:00:00.000Z',
  };

  it('has left what is neither spent nor reserved of the raised ceiling', () => {
    const money = { ceiling: 1_250_000, raised: 250_000, spent: 900_000, reserved: 300_000, left: 50_000 };
    expect(roomOf(budget)).toEqual({ money, tokens: null });
    expect(roomOf({ ...budget, spentMicroUsd: 2_000_000 }).money?.left).toBe(0);
  });

  it('is typed in dollars and kept in whole micro-dollars', () => {
    expect(limitsOf({ usd: '0.29', tokens: '', onExceeded: 'ask' })).toEqual({
      limitMicroUsd: 290_000,
      onExceeded: 'ask',
    });
    expect(limitsOf({ usd: '', tokens: '500', onExceeded: 'fail' })).toEqual({ limitTokens: 500, onExceeded: 'fail' });
    expect(limitsOf({ usd: ' ', tokens: '', onExceeded: 'fail' })).toBeNull();
  });
});
