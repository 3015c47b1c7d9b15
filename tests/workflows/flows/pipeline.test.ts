import { expect, it } from 'vitest';
import { Stage } from './stage.ts';

it('hands each member the request and what the one before made of it', async () => {
  const stage = new Stage(['project_manager', 'backend_developer', 'tester'], ({ ask }) => `The ${ask} speaks.`);
  const outcome = await stage.play('pipeline', { message: 'Add a login page' });
  expect(outcome).toEqual({ status: 'completed', output: { text: 'The tester speaks.' } });
  expect(stage.calls.map(({ message }) => message)).toEqual([
    'Add a login page',
    '# Request\n\nAdd a login page\n\n# From Project manager (project_manager)\n\nThe project_manager speaks.',
    '# Request\n\nAdd a login page\n\n# From Backend developer (backend_developer)\n\nThe backend_developer speaks.',
  ]);
});

it('asks two members of one role under names of their own', async () => {
  const stage = new Stage(['tester', 'reviewer', 'tester', 'tester'], ({ ask }) => ask);
  const outcome = await stage.play('pipeline', { message: 'Look at this' });
  expect(outcome).toMatchObject({ output: { text: 'tester-3' } });
  expect(stage.calls.map(({ ask, member }) => [ask, member])).toEqual([
    ['tester', 'Tester'],
    ['reviewer', 'Reviewer'],
    ['tester-2', 'Tester 2'],
    ['tester-3', 'Tester 3'],
  ]);
});

it.each([
  ['an empty request', { message: ' \n' }],
  ['no request', {}],
  ['an option that the flow does not have', { message: 'Hello', rounds: 2 }],
])('refuses %s', async (_, input) => {
  const stage = new Stage(['tester'], () => 'Never.');
  await using squadra = await stage.open();
  await expect(squadra.submit('pipeline', { squad: 'us', input })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});
