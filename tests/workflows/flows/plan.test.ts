import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { outputFormat } from '../../../src/agents/output-format.ts';
import { buildSquad } from '../../../src/squads/build-squad.ts';
import { flowMembers } from '../../../src/workflows/flows/flow-member.ts';
import { inOrder, planProblems, planSchema, type PlannedTask } from '../../../src/workflows/flows/plan.ts';
import { squadParts } from '../../squads/making.ts';

const roles = ['backend_developer', 'tester', 'tester'];
const squad = buildSquad({ name: 'us', members: roles.map((role) => ({ role })) }, squadParts());
const refuse = () => Promise.reject(new Error('Nobody is asked here.'));
const members = flowMembers({ members: squad.members, ask: refuse, askMember: refuse, convoy: refuse }, 'delegate');

function task(number: number, needs: readonly number[] = [], fields: Partial<PlannedTask> = {}): PlannedTask {
  return { number, member: 'tester', task: `Do ${number}.`, needs, ...fields };
}

function problemsOf(...tasks: readonly PlannedTask[]): readonly string[] {
  return planProblems({ summary: '', tasks }, members);
}

describe('the problems of a plan', () => {
  it('are none when every task has a member and waits for others without a circle', () => {
    const tasks = [
      task(3, [1, 2]),
      task(1),
      task(2, [1, 1], { member: 'tester-2' }),
      task(4, [3], { member: 'backend_developer' }),
    ];
    expect(problemsOf(...tasks)).toEqual([]);
  });

  it.each([
    [
      'a member that is not there',
      [task(1, [], { member: 'wizard' })],
      ['Task 1 is given to "wizard"; the members are backend_developer, tester, tester-2.'],
    ],
    ["a member's own name", [task(1, [], { member: 'Tester' })], [expect.stringContaining('is given to "Tester"')]],
    [
      'a name that every object has',
      [task(1, [], { member: 'constructor' })],
      [expect.stringContaining('is given to "constructor"')],
    ],
    [
      'a task that waits for one that is not there',
      [task(1, [7])],
      ['Task 1 waits for task 7, which is not in the plan.'],
    ],
    ['a task that waits for itself', [task(1, [1])], ['Tasks wait for each other in a circle: 1 → 1.']],
    [
      'a circle',
      [task(1), task(2, [1, 4]), task(3, [2]), task(4, [3])],
      ['Tasks wait for each other in a circle: 2 → 4 → 3 → 2.'],
    ],
    ['one number twice', [task(1), task(1)], ['Two tasks have the number 1.']],
    ['a number below one', [task(0)], ['Task 0: numbers begin at 1.']],
    ['a task without words', [task(1, [], { task: ' ' })], ['Task 1 does not say what to do.']],
  ])('name %s', (_, tasks, problems) => {
    expect(problemsOf(...tasks)).toEqual(problems);
  });

  it('are all named at once', () => {
    expect(problemsOf(task(1, [9], { member: 'wizard' }), task(2, [3]), task(3, [2]))).toHaveLength(3);
  });

  it('are found in a long chain and in a wide net as quickly as in a short one', () => {
    const wide = Array.from({ length: 50 }, (_, index) =>
      task(
        index + 1,
        Array.from({ length: index }, (_one, before) => before + 1),
      ),
    );
    expect(problemsOf(...wide)).toEqual([]);
    expect(problemsOf(...wide, task(51, [52]), task(52, [51]))).toHaveLength(1);
  });
});

it('puts each task after those it needs, and otherwise leaves the order', () => {
  const ordered = inOrder([task(4, [2]), task(3), task(2, [1]), task(1)]);
  expect(ordered.map(({ number }) => number)).toEqual([3, 1, 2, 4]);
});

describe('the schema of a plan', () => {
  const schema = planSchema(members);

  it('names the members to the model, and leaves the check to the flow', () => {
    const json = JSON.stringify(outputFormat(schema).responseFormat);
    expect(json).toContain('"enum":["backend_developer","tester","tester-2"]');
    expect(schema.safeParse({ summary: '', tasks: [task(1, [], { member: 'wizard' })] }).success).toBe(true);
  });

  it('asks for every field and sets no length of a text, for servers that hold a model to it', () => {
    const json = z.toJSONSchema(schema, { io: 'input' });
    expect(json).toMatchObject({ required: ['summary', 'tasks'], additionalProperties: false });
    expect(json.properties?.tasks).toMatchObject({
      items: { required: ['number', 'member', 'task', 'needs'], additionalProperties: false },
    });
    expect(JSON.stringify(json)).not.toMatch(/"(?:minLength|maxLength|default|pattern)"/);
  });

  it('refuses a plan of nothing, and one that nobody could keep an overview of', () => {
    expect(schema.safeParse({ summary: '', tasks: [] }).success).toBe(false);
    const many = Array.from({ length: 51 }, (_, index) => task(index + 1));
    expect(schema.safeParse({ summary: '', tasks: many }).success).toBe(false);
  });
});
