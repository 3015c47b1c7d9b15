import { expect, it } from 'vitest';
import { Stage, Turns } from './stage.ts';

const members = ['tech_lead', 'reviewer', 'tester', 'reviewer'];

it('asks all members the request alone, and the first for a summary of all answers', async () => {
  const stage = new Stage(members, ({ ask, member }) => `${member} says ${ask}.`);
  const outcome = await stage.play('parallel', { message: 'Is this sound?' });
  expect(outcome).toEqual({ status: 'completed', output: { text: 'Tech lead says summary.' } });
  expect(stage.asks.toSorted()).toEqual(['reviewer', 'reviewer-2', 'summary', 'tech_lead', 'tester']);
  expect(stage.calls.slice(0, 4).map(({ message }) => message)).toEqual(Array(4).fill('Is this sound?'));
  const summary = stage.messageOf('summary');
  expect(summary).toMatch(/^Summary of 4 answers\.\n/);
  expect(summary.slice(summary.indexOf('# Request'))).toBe(
    [
      '# Request\n\nIs this sound?',
      '# From Tech lead (tech_lead)\n\nTech lead says tech_lead.',
      '# From Reviewer (reviewer)\n\nReviewer says reviewer.',
      '# From Tester (tester)\n\nTester says tester.',
      '# From Reviewer 2 (reviewer)\n\nReviewer 2 says reviewer-2.',
    ].join('\n\n'),
  );
});

it('asks for the same summary, whoever was faster', async () => {
  const orders = [
    ['tech_lead', 'reviewer', 'tester', 'reviewer-2'],
    ['reviewer-2', 'tester', 'tech_lead', 'reviewer'],
  ];
  const summaries: string[] = [];
  for (const order of orders) {
    const turns = new Turns(order);
    const stage = new Stage(members, async ({ ask }) => {
      await turns.of(ask);
      return `This is ${ask}.`;
    });
    await stage.play('parallel', { message: 'Is this sound?' });
    expect(stage.completed).toEqual([...order, 'summary'].map((ask) => `${ask}/model/1`));
    summaries.push(stage.messageOf('summary'));
  }
  expect(summaries[1]).toBe(summaries[0]);
});

it('takes the answer of a member who is alone as it is', async () => {
  const stage = new Stage(['designer'], () => 'Like this.');
  const outcome = await stage.play('parallel', { message: 'How should it look?' });
  expect(outcome).toMatchObject({ output: { text: 'Like this.' } });
  expect(stage.asks).toEqual(['designer']);
});

it('lets the others finish when one fails, and a retry asks nobody twice', async () => {
  let mended = false;
  const turns = new Turns(['reviewer', 'tester', 'tech_lead']);
  const stage = new Stage(['tech_lead', 'reviewer', 'tester'], async ({ ask }) => {
    await turns.of(ask);
    if (ask === 'reviewer' && !mended) throw new Error('Nobody is there.');
    return `This is ${ask}.`;
  });
  await using squadra = await stage.open();
  const run = await squadra.submit<unknown, unknown>('parallel', { squad: 'us', message: 'Is this sound?' });
  expect(await run.result()).toMatchObject({ status: 'failed' });
  expect(stage.completed).toEqual(['tester/model/1', 'tech_lead/model/1']);
  mended = true;
  await run.retry();
  expect(await run.result()).toMatchObject({ status: 'completed', output: { text: 'This is summary.' } });
  expect(new Set(stage.asks).size).toBe(4);
  expect(stage.asks.filter((ask) => ask !== 'reviewer')).toHaveLength(3);
});
