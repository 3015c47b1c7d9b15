import { expect, it } from 'vitest';
import { createClient } from '../../src/client.ts';
import type { Client } from '../../src/client.ts';
import { startModelServer } from '../../src/testing.ts';
import { newFolder, RunningCommand } from './command-line.ts';

const project = {
  'squadra.yaml': `workflows: [./once.ts]
squads: [{ name: crew, members: [{ role: tester, provider: openai, model: dear }] }]
prices: { openai: { input: 1, output: 10 } }
`,
  'once.ts': `import { defineWorkflow } from 'squadra';
export const once = defineWorkflow({ name: 'once', run: ({ squad }) => squad.ask('tester', 'Test it.').then(({ text }) => text) });
`,
};

const month = { scope: 'tenant', id: 'local', period: 'month' } as const;

it('a hundred agents at once, over a server of its own and real calls, make the fifty calls that a ceiling is worth', async () => {
  await using models = await startModelServer();
  const server = new RunningCommand(newFolder(project), ['serve', '--port', '0'], {
    env: {
      OPENAI_API_KEY: 'key',
      OPENAI_BASE_URL: models.url,
      SQUADRA_AGENT_RATE_LIMIT_PER_MINUTE: '0',
      SQUADRA_MAX_LOOP_DELAY: '0s',
    },
  });
  const [url] = await server.until(/http:\/\/127\.0\.0\.1:\d+/);
  const client = createClient({ url });
  const submit = () => client.submit({ workflow: 'once', squad: 'crew', input: {} });

  // What a call reserves and what it takes.
  const first = await submit();
  const reservedMicroUsd = await followed(client, first.id);
  const { costMicroUsd, status } = await client.executions.get(first.id);
  expect(status).toBe('completed');
  expect(reservedMicroUsd).toBeGreaterThan(10 * costMicroUsd);

  // Worth fifty calls beside the one there was, with room for few at a time.
  const limitMicroUsd = costMicroUsd + 49 * costMicroUsd + reservedMicroUsd;
  await client.budgets.set(month, { limitMicroUsd });
  const submitted = await Promise.all(Array.from({ length: 100 }, submit));
  await Promise.all(submitted.map(({ id }) => followed(client, id)));
  const outcomes = await Promise.all(submitted.map(({ id }) => client.executions.get(id)));
  const failed = outcomes.filter((outcome) => outcome.status === 'failed');
  expect(failed.map(({ error }) => error?.code)).toEqual(Array.from({ length: 50 }, () => 'BUDGET_EXCEEDED'));
  expect(outcomes.filter((outcome) => outcome.status === 'completed')).toHaveLength(50);
  expect(models.calls).toHaveLength(51);
  const budget = await client.budgets.get(month);
  expect(budget).toMatchObject({ spentMicroUsd: 51 * costMicroUsd, reservedMicroUsd: 0 });
  expect(budget.spentMicroUsd).toBeLessThanOrEqual(limitMicroUsd);
}, 120_000);

/** Reads the events of an execution to their end; tells what its last call reserved. */
async function followed(client: Client, id: string): Promise<number> {
  let reservedMicroUsd = 0;
  for await (const { event, data } of client.events(id)) {
    if (event === 'done') break;
    if (event !== 'step') continue;
    const { phase, details } = data as { phase: string; details: { reservation?: { costMicroUsd: number } } | null };
    if (phase === 'intent') reservedMicroUsd = details?.reservation?.costMicroUsd ?? 0;
  }
  return reservedMicroUsd;
}
