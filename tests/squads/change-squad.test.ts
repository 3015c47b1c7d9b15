import { describe, expect, it } from 'vitest';
import { buildSquad } from '../../src/squads/build-squad.ts';
import { changeSquad } from '../../src/squads/change-squad.ts';
import type { SquadChange } from '../../src/squads/squad-input.ts';
import { squadParts } from './making.ts';

function started() {
  const parts = squadParts();
  const squad = buildSquad(
    {
      name: 'web',
      description: 'Us.',
      members: [{ role: 'tester', specialization: 'automation' }, { role: 'reviewer' }],
    },
    parts,
  );
  const [tester, reviewer] = squad.members;
  if (tester === undefined || reviewer === undefined) throw new Error('Two members are needed.');
  return { parts, squad, tester, reviewer, change: (change: SquadChange) => changeSquad(squad, change, parts) };
}

describe('changing a squad', () => {
  it('moves its version and its time, and leaves the one it was given alone', async () => {
    const { parts, squad, change } = started();
    const before = structuredClone(squad);
    await parts.clock.advance(1_000);
    const changed = change({ change: 'update', name: 'site' });
    expect(changed).toEqual({ ...before, name: 'site', version: 2, updatedAt: before.updatedAt + 1_000 });
    expect(squad).toEqual(before);
  });

  it('takes a description away with null', () => {
    expect(started().change({ change: 'update', description: null }).description).toBeNull();
  });

  it('adds a member at version 1', () => {
    const { squad, change } = started();
    const changed = change({ change: 'add-member', member: { role: 'tester' } });
    expect(changed.members.slice(0, 2)).toEqual(squad.members);
    expect(changed.members[2]).toMatchObject({ name: 'Tester 2', role: 'tester', version: 1 });
    expect(changed.version).toBe(2);
  });

  it("moves a changed member's version and no other's", () => {
    const { tester, reviewer, change } = started();
    const changed = change({
      change: 'update-member',
      memberId: tester.id,
      member: { temperature: 0, model: 'gpt-4.1', specialization: null },
    });
    expect(changed.members).toEqual([
      { ...tester, temperature: 0, model: 'gpt-4.1', specialization: null, version: 2 },
      reviewer,
    ]);
    expect(changed.version).toBe(2);
  });

  it('removes a member, but not the last one', () => {
    const { parts, tester, reviewer, change } = started();
    const changed = change({ change: 'remove-member', memberId: tester.id });
    expect(changed.members).toEqual([reviewer]);
    const refusal = expect.objectContaining({ code: 'INVALID_INPUT' });
    expect(() => changeSquad(changed, { change: 'remove-member', memberId: reviewer.id }, parts)).toThrow(refusal);
  });

  it.each<[string, string, (id: string) => object]>([
    ['NOT_FOUND', 'a member it does not have', () => ({ change: 'remove-member', memberId: 'nobody' })],
    [
      'NOT_FOUND',
      'a change of a member it does not have',
      () => ({ change: 'update-member', memberId: 'nobody', member: {} }),
    ],
    [
      'UNKNOWN_ROLE',
      'an unknown role',
      (id) => ({ change: 'update-member', memberId: id, member: { role: 'wizard' } }),
    ],
    [
      'UNKNOWN_SPECIALIZATION',
      'a new role without the old specialization',
      (id) => ({ change: 'update-member', memberId: id, member: { role: 'reviewer' } }),
    ],
    [
      'INVALID_INPUT',
      'a field that does not exist',
      (id) => ({ change: 'update-member', memberId: id, member: { version: 9 } }),
    ],
    ['INVALID_INPUT', 'an empty name', () => ({ change: 'update', name: '' })],
    ['INVALID_INPUT', 'a change that does not exist', () => ({ change: 'dissolve' })],
  ])('refuses with %s %s', (code, _, change) => {
    const { tester, change: apply } = started();
    expect(() => apply(change(tester.id) as SquadChange)).toThrow(expect.objectContaining({ code }));
  });
});
