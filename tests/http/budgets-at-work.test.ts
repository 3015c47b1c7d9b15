import { expect, it } from 'vitest';
import { createClient } from '../../src/client.ts';
import { startModelServer } from '../../src/testing.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { openTestServer } from '../support/http-server.ts';

const once = defineWorkflow({
  name: 'once',
  run: ({ squad }) => squad.ask('tester', 'Test it.').then(({ text }) => text),
});

it('a hundred agents at once, with real calls, spend no more than a ceiling worth fifty', async () => {
  await using models = await startModelServer();
  await using server = await openTestServer({
    workflows: [once],
    squads: [{ name: 'crew', members: [{ role: 'tester', provider: 'openai', model: 'dear' }] }],
    prices: { openai: { input: 1, output: 10 } },
    settings: { openaiApiKey: 'key', openaiBaseUrl: models.url, agentRateLimitPerMinute: 0, logLevel: 'silent' },
  });
  const client = createClient({ url: server.url });
  const submit = () => client.submit({ workflow: 'once', squad: 'crew', input: {} });
  const ended = async (id: string): Promise<string> => {
    for await (const { event } of client.events(id)) if (event === 'done') break;
    return (await client.executions.get(id)).status;
  };
  // What one call may cost, and what it does.
  const address = { scope: 'tenant', id: 'local', period: 'month' } as const;
  const first = await submit();
  expect(await ended(first.id)).toBe('completed');
  const { costMicroUsd: callMicroUsd } = await client.executions.get(first.id);
  expect(callMicroUsd).toBeGreaterThan(0);

  const limitMicroUsd = 51 * callMicroUsd + 100_000;
  await client.budgets.set(address, { limitMicroUsd });
  expect((await client.budgets.get(address)).spentMicroUsd).toBe(callMicroUsd);
  const submitted = await Promise.all(Array.from({ length: 100 }, submit));
  const outcomes = await Promise.all(submitted.map(({ id }) => ended(id)));
  const budget = await client.budgets.get(address);
  const completed = outcomes.filter((status) => status === 'completed').length;
  expect(budget.spentMicroUsd).toBeLessThanOrEqual(limitMicroUsd);
  expect(budget.spentMicroUsd).toBe((completed + 1) * callMicroUsd);
  expect(budget.reservedMicroUsd).toBe(0);
  expect(models.calls).toHaveLength(completed + 1);
  expect(outcomes.filter((status) => status === 'failed')).toHaveLength(100 - completed);
  expect(completed).toBeGreaterThan(0);
  expect(completed).toBeLessThan(100);
}, 60_000);
