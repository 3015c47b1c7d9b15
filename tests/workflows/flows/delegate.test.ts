import { describe, expect, it } from 'vitest';
import { Stage, type StageScript, Turns } from './stage.ts';

const members = ['project_manager', 'backend_developer', 'frontend_developer', 'tester'];

const login = {
  summary: 'API and page side by side, then a test.',
  tasks: [
    { number: 1, member: 'backend_developer', task: 'Build the API.', needs: [] },
    { number: 2, member: 'frontend_developer', task: 'Build the page.', needs: [] },
    { number: 3, member: 'tester', task: 'Test both.', needs: [2, 1] },
  ],
};

/** Plans by the list, the last plan again and again; everything else is answered with its name. */
function planning(...plans: readonly unknown[]): StageScript {
  const left = [...plans];
  return ({ ask, schema }) => (schema === null ? `This is ${ask}.` : left.length > 1 ? left.shift() : left[0]);
}

describe('delegating', () => {
  it('has the first member plan, the others work in the order of what they need, and the first review', async () => {
    const stage = new Stage(members, planning(login));
    const outcome = await stage.play('delegate', { message: 'Add a login page' });
    expect(outcome).toEqual({ status: 'completed', output: { text: 'This is review.' } });
    expect(stage.calls.map(({ ask, member }) => [ask, member])).toEqual([
      ['plan', 'Project manager'],
      ['task-1', 'Backend developer'],
      ['task-2', 'Frontend developer'],
      ['task-3', 'Tester'],
      ['review', 'Project manager'],
    ]);
  });

  it('tells the planner whom there is, and each member its task, the request and what it waited for', async () => {
    const stage = new Stage(
      [...members, { role: 'tester', name: 'Ada', specialization: 'automation' }],
      planning(login),
    );
    await stage.play('delegate', { message: 'Add a login page' });
    expect(stage.messageOf('plan')).toContain('- `tester`: Tester (tester)\n- `tester-2`: Ada (tester, automation)\n');
    expect(stage.messageOf('plan')).not.toContain('`project_manager`');
    expect(stage.messageOf('plan')).toMatch(/\n\n# Request\n\nAdd a login page$/);
    expect(stage.messageOf('task-1')).toMatch(/^Task 1: Build the API\.\n\n.+\n\n# Request\n\nAdd a login page$/);
    expect(stage.messageOf('task-3')).toContain(
      '# From Frontend developer (frontend_developer), task 2\n\nThis is task-2.\n\n# From Backend developer (backend_developer), task 1\n\nThis is task-1.',
    );
    expect(stage.messageOf('review')).toContain('API and page side by side, then a test.');
    expect(stage.messageOf('review')).toMatch(/# From .+, task 1\n[^]+# From .+, task 2\n[^]+# From .+, task 3\n/);
  });

  it('asks the same, whoever was faster', async () => {
    const seen: unknown[] = [];
    for (const order of [
      ['task-1', 'task-2'],
      ['task-2', 'task-1'],
    ]) {
      const turns = new Turns(order);
      const script = planning(login);
      const stage = new Stage(members, async (call) => {
        await turns.of(call.ask);
        return script(call);
      });
      await stage.play('delegate', { message: 'Add a login page' });
      expect(stage.completed).toEqual(['plan', ...order, 'task-3', 'review'].map((ask) => `${ask}/model/1`));
      seen.push([stage.messageOf('task-3'), stage.messageOf('review')]);
    }
    expect(seen[1]).toEqual(seen[0]);
  });

  it('gives one member several tasks, each an ask of its own', async () => {
    const tasks = [1, 2, 3].map((number) => ({ number, member: 'tester', task: `Try ${number}.`, needs: [] }));
    const stage = new Stage(['tech_lead', 'tester'], planning({ summary: 'All to the tester.', tasks }));
    await stage.play('delegate', { message: 'Try it' });
    expect(stage.asks.toSorted()).toEqual(['plan', 'review', 'task-1', 'task-2', 'task-3']);
  });

  it('lets a member who is alone give tasks to itself', async () => {
    const tasks = [{ number: 1, member: 'designer', task: 'Draw it.', needs: [] }];
    const stage = new Stage(['designer'], planning({ summary: 'I do it.', tasks }));
    const outcome = await stage.play('delegate', { message: 'Draw a cat' });
    expect(outcome).toMatchObject({ status: 'completed', output: { text: 'This is review.' } });
  });
});

describe('a plan that cannot be carried out', () => {
  const toNobody = { ...login, tasks: [{ number: 1, member: 'wizard', task: 'Conjure.', needs: [] }] };
  const inCircles = {
    ...login,
    tasks: [
      { number: 1, member: 'tester', task: 'Wait.', needs: [2] },
      { number: 2, member: 'tester', task: 'Wait, too.', needs: [1] },
    ],
  };

  it.each([
    ['names a member that is not there', toNobody, 'Task 1 is given to "wizard"'],
    ['waits in circles', inCircles, 'Tasks wait for each other in a circle: 1 → 2 → 1.'],
  ])('because it %s is asked for once more, with what is wrong with it', async (_, plan, problem) => {
    const stage = new Stage(members, planning(plan, login));
    const outcome = await stage.play('delegate', { message: 'Add a login page' });
    expect(outcome).toMatchObject({ status: 'completed' });
    expect(stage.asks).toEqual(['plan', 'plan-2', 'task-1', 'task-2', 'task-3', 'review']);
    expect(stage.messageOf('plan-2')).toContain(`- ${problem}`);
    expect(stage.messageOf('plan-2')).toContain(
      `# From Project manager (project_manager), plan 1\n\n${JSON.stringify(plan)}`,
    );
  });

  it('fails the flow when it comes a second time, and nobody works by it', async () => {
    const stage = new Stage(members, planning(toNobody, inCircles));
    const outcome = await stage.play('delegate', { message: 'Add a login page' });
    expect(outcome).toMatchObject({
      status: 'failed',
      error: {
        code: 'INVALID_PLAN',
        details: { problems: ['Tasks wait for each other in a circle: 1 → 2 → 1.'] },
      },
    });
    expect(stage.asks).toEqual(['plan', 'plan-2']);
  });
});
