import { describe, expect, it } from 'vitest';
import { buildSquad } from '../../src/squads/build-squad.ts';
import type { SquadInput } from '../../src/squads/squad.ts';
import { squadParts } from './making.ts';

describe('building a squad', () => {
  it('makes members with defaults', () => {
    const parts = squadParts();
    const squad = buildSquad({ name: 'web', members: [{ role: 'backend_developer' }] }, parts);
    expect(squad).toEqual({
      id: expect.any(String),
      name: 'web',
      description: null,
      userId: null,
      version: 1,
      createdAt: parts.clock.now(),
      updatedAt: parts.clock.now(),
      members: [
        {
          id: expect.any(String),
          name: 'Backend developer',
          role: 'backend_developer',
          specialization: null,
          provider: null,
          model: null,
          temperature: 0.7,
          instructions: null,
          tools: [],
          version: 1,
        },
      ],
    });
  });

  it('keeps what was given', () => {
    const given = {
      role: 'tester',
      name: 'Ada',
      specialization: 'automation',
      provider: 'openai',
      model: 'gpt-4.1',
      temperature: 0,
      instructions: 'Be kind.',
      tools: ['list', 'hammer'],
    };
    const [member] = buildSquad({ name: 'web', description: 'Us.', members: [given] }, squadParts()).members;
    expect(member).toMatchObject(given);
  });

  it("puts the template's members first and numbers names that are taken", () => {
    const input = {
      name: 'web',
      template: 'software',
      members: [{ role: 'tester' }, { role: 'tester' }, { role: 'reviewer' }],
    };
    const squad = buildSquad(input, squadParts());
    expect(squad.members.map((member) => member.name)).toEqual([
      'Project manager',
      'Backend developer',
      'Frontend developer',
      'Tester',
      'Tester 2',
      'Tester 3',
      'Reviewer',
    ]);
    expect(new Set([squad.id, ...squad.members.map((member) => member.id)]).size).toBe(8);
  });

  it.each([
    [
      'UNKNOWN_ROLE',
      { name: 'web', members: [{ role: 'tester' }, { role: 'wizard' }] },
      /There is no role "wizard"\. Known are: ai_engineer, .*, tester\./,
    ],
    [
      'UNKNOWN_TEMPLATE',
      { name: 'web', template: 'hardware' },
      /There is no template "hardware"\. Known are: ai-ml, research, review, software\./,
    ],
    [
      'UNKNOWN_SPECIALIZATION',
      { name: 'web', members: [{ role: 'tester', specialization: 'node' }] },
      /has no specialization "node"\. Known are: automation, performance\./,
    ],
    [
      'UNKNOWN_SPECIALIZATION',
      { name: 'web', members: [{ role: 'tech_lead', specialization: 'node' }] },
      /It has none\./,
    ],
  ])('refuses with %s, listing the known ones', (code, input, message) => {
    expect(() => buildSquad(input, squadParts())).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  const member = { role: 'tester' };
  it.each([
    ['no name', { members: [member] }, 'name'],
    ['an empty name', { name: '  ', members: [member] }, 'name'],
    ['a long name', { name: 'x'.repeat(201), members: [member] }, 'name'],
    ['a name like an id', { name: '01a2033b-d719-7000-8ed1-c7cef5a89c9b', members: [member] }, 'name'],
    ['no members', { name: 'web' }, 'members'],
    ['an empty list of members', { name: 'web', members: [] }, 'members'],
    ['too many members', { name: 'web', members: Array.from({ length: 101 }, () => member) }, 'members'],
    ['an unknown field', { name: 'web', members: [member], budget: 5 }, ''],
    ['an unknown field of a member', { name: 'web', members: [{ ...member, colour: 'red' }] }, 'members.0'],
    ['a member without a role', { name: 'web', members: [{ name: 'Ada' }] }, 'members.0.role'],
    ['a hot temperature', { name: 'web', members: [{ ...member, temperature: 2.1 }] }, 'members.0.temperature'],
    ['a cold temperature', { name: 'web', members: [{ ...member, temperature: -0.1 }] }, 'members.0.temperature'],
    ['no number', { name: 'web', members: [{ ...member, temperature: Number.NaN }] }, 'members.0.temperature'],
    ["a member's long name", { name: 'web', members: [{ ...member, name: 'x'.repeat(201) }] }, 'members.0.name'],
    [
      'too many tools',
      { name: 'web', members: [{ ...member, tools: Array.from({ length: 101 }, () => 'read') }] },
      'members.0.tools',
    ],
    ['a tool without a name', { name: 'web', members: [{ ...member, tools: ['read', ' '] }] }, 'members.0.tools.1'],
    ['something else entirely', 'web', ''],
  ])('refuses %s', (_, input, path) => {
    const refusal = expect.objectContaining({
      code: 'INVALID_INPUT',
      details: { problems: expect.arrayContaining([{ path, message: expect.any(String) }]) },
    });
    expect(() => buildSquad(input as SquadInput, squadParts())).toThrow(refusal);
  });

  it('refuses tools that do not exist', () => {
    const input = { name: 'web', members: [{ ...member, tools: ['read', 'saw'] }] };
    expect(() => buildSquad(input, squadParts())).toThrow(expect.objectContaining({ code: 'UNKNOWN_TOOL' }));
  });

  it('names every problem at once', () => {
    const input = { name: '', members: [{ role: 'tester', temperature: 9 }] };
    expect(() => buildSquad(input, squadParts())).toThrow(/name: .+; members\.0\.temperature: /);
  });

  it('accepts the ends of every range', () => {
    const input = {
      name: 'x'.repeat(200),
      members: [
        { role: 'tester', temperature: 0 },
        { role: 'tester', temperature: 2 },
      ],
    };
    expect(buildSquad(input, squadParts()).members.map((one) => one.temperature)).toEqual([0, 2]);
  });
});
