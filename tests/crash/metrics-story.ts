import { openSquadraIn } from '../../src/compose.ts';
import { readSettings } from '../../src/config/settings.ts';
import type { Squadra } from '../../src/orchestrator/squadra.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { fakeProvider, wholeAnswer } from '../agents/fake-model.ts';

const plain = defineWorkflow({
  name: 'plain',
  run: async ({ step }) => [await step.run('one', () => 1), await step.run('two', () => 2)],
});
const asking = defineWorkflow({
  name: 'asking',
  run: async ({ squad }) => {
    const [one, two] = await Promise.all([
      squad.ask('tester', 'Test.'),
      squad.ask('tester', 'Again.', { name: 'again' }),
    ]);
    return one.text + two.text;
  },
});
const failing = defineWorkflow({
  name: 'failing',
  run: ({ step }) =>
    step.run('breaks', () => Promise.reject(new Error('broken')), { retries: 1, backoff: { initial: 1, max: 1 } }),
});
const waiting = defineWorkflow({ name: 'waiting', run: ({ step }) => step.waitFor('never') });

/** Opens a state with a model that answers at once. */
export function openMetered(stateDir: string): Promise<Squadra> {
  const model = fakeProvider(
    () =>
      new ReadableStream({
        start(controller) {
          for (const part of wholeAnswer('Tested.')) controller.enqueue(part);
          controller.close();
        },
      }),
  );
  return openSquadraIn(
    {
      stateDir,
      workflows: [plain, asking, failing, waiting],
      squads: [{ name: 'crew', members: [{ role: 'tester', provider: 'fake', model: 'm' }] }],
      models: { fake: model },
      prices: { fake: { input: 1, output: 10 } },
      settings: { logLevel: 'silent', readers: 1, agentRateLimitPerMinute: 0 },
    },
    { random: () => 0, readSettings: (overrides) => readSettings({}, overrides) },
  );
}

/** Some of everything that is counted, by two tenants. */
export async function workOnce(squadra: Squadra): Promise<void> {
  const other = squadra.forTenant('other');
  const parked = await squadra.submit(waiting, { input: {} });
  const broken = await other.submit(failing, { input: {} });
  const asked = await squadra.submit(asking, { input: {}, squad: 'crew' });
  const done = await other.submit(plain, { input: {} });
  await Promise.all([broken.result(), asked.result(), done.result()]);
  await Promise.all([parked.cancel('enough'), broken.retry()]);
  const forked = await asked.fork({ from: 'again' });
  await forked.result();
  await squadra.convoys.create({ squad: 'crew', items: [{ key: 'a', role: 'tester', message: 'Test.' }] });
}
