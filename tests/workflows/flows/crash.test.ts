import { describe, expect, it } from 'vitest';
import { Stage, type StageScript } from './stage.ts';

const plan = {
  summary: 'Two side by side, then one.',
  tasks: [
    { number: 1, member: 'backend_developer', task: 'Build the API.', needs: [] },
    { number: 2, member: 'tester', task: 'Write the tests.', needs: [] },
    { number: 3, member: 'tester', task: 'Run them.', needs: [1, 2] },
  ],
};

/** The same answer to the same ask in every life: plans, accepts in the second round, and says its name. */
const script: StageScript = ({ ask, schema }) => {
  if (ask === 'plan') return plan;
  if (schema !== null) return { verdict: ask === 'review-2' ? 'accept' : 'revise', summary: ask, findings: [ask] };
  return `This is ${ask}.`;
};

const members = ['project_manager', 'backend_developer', 'tester', 'tester'];
const message = 'Add a login page';

describe.each(['pipeline', 'parallel', 'delegate', 'review-loop'])('the flow %s', (flow) => {
  it('ends the same after crashes here and there, and pays for no committed call twice', async () => {
    const whole = new Stage(members, script);
    const outcome = await whole.play(flow, { message });
    expect(outcome).toMatchObject({ status: 'completed' });
    for (const part of [0.25, 0.5, 0.75]) {
      const stage = new Stage(members, script);
      const id = await dyingAfter(stage, flow, Math.round(part * whole.commits));
      const before = { calls: stage.calls.length, completed: [...stage.completed] };
      expect(before.completed.length).toBeLessThan(whole.completed.length);

      await using second = await stage.open();
      expect(await second.run(id).result()).toEqual(outcome);
      const again = stage.calls.slice(before.calls).map(({ ask, turn }) => `${ask}/model/${turn}`);
      expect(again.filter((key) => before.completed.includes(key))).toEqual([]);
      expect(stage.completed.toSorted()).toEqual(whole.completed.toSorted());
    }
  });
});

/** Submits to a process that dies at a commit, and gives the id of what it leaves behind. */
async function dyingAfter(stage: Stage, flow: string, dieAfter: number): Promise<string> {
  const death = Promise.withResolvers<void>();
  const squadra = await stage.open({ dieAfter, onDeath: death.resolve });
  const { id } = await squadra.submit(flow, { squad: 'us', message });
  await death.promise;
  await squadra[Symbol.asyncDispose]();
  return id;
}
