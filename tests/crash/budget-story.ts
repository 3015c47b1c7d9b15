import { openSquadraIn } from '../../src/compose.ts';
import type { Surroundings } from '../../src/compose.ts';
import type { Run } from '../../src/orchestrator/run-handle.ts';
import type { Squadra } from '../../src/orchestrator/squadra.ts';
import type { Outcome } from '../../src/work/execution-store.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { fakeProvider, wholeAnswer } from '../agents/fake-model.ts';

/** Asks three side by side, of which one's first call is cut short, and then one; none leaves before a person raised a budget. */
const spending = defineWorkflow({
  name: 'spending',
  async run({ squad }) {
    await Promise.all(['a', 'b', 'c'].map((name) => squad.ask('tester', `Test ${name}.`, { name })));
    const { text } = await squad.ask('tester', 'Test all.', { name: 'last' });
    return text;
  },
});
/** Never comes to its end: its call waits for ever. */
const hanging = defineWorkflow({ name: 'hanging', run: ({ squad }) => squad.ask('tester', 'Hang.') });

export const budgetKeys = [
  { scope: 'tenant', id: 'local', period: 'day' },
  { scope: 'squad', id: 'crew', period: 'month' },
  { scope: 'user', id: 'ada', period: 'month' },
] as const;

/** Opens the state with models that take nothing from the world but time. */
export function openSpending(stateDir: string, surroundings: Partial<Surroundings>): Promise<Squadra> {
  const cut = new Set<string>();
  const model = fakeProvider(({ prompt, abortSignal }) => {
    const said = JSON.stringify(prompt);
    if (said.includes('Hang.'))
      return new Promise((_, reject) =>
        abortSignal?.addEventListener('abort', () => reject(new Error('It was aborted.'))),
      );
    // Half an answer is paid for.
    const isCut = said.includes('Test b.') && !cut.has('b');
    if (isCut) cut.add('b');
    const parts = isCut ? wholeAnswer('Tested.').slice(0, 2) : wholeAnswer('Tested.');
    return new ReadableStream({
      start(controller) {
        for (const part of parts) controller.enqueue(part);
        controller.close();
      },
    });
  });
  return openSquadraIn(
    {
      stateDir,
      workflows: [spending, hanging],
      squads: [{ name: 'crew', members: [{ role: 'tester', provider: 'fake', model: 'm' }] }],
      models: { fake: model },
      prices: { fake: { input: 1, output: 10 } },
      settings: { logLevel: 'silent', readers: 1 },
    },
    { ...surroundings, random: () => 0 },
  );
}

/** Goes through it from wherever it stands. */
export async function spend(squadra: Squadra): Promise<void> {
  for (const key of budgetKeys) await squadra.budgets.set(key, { limitMicroUsd: 1_000_000_000 });
  const ada = squadra.forTenant('local', 'ada');
  const budget = { limitTokens: 5_000, onExceeded: 'ask' } as const;
  const run = await ada.submit<unknown, unknown>('spending', {
    input: {},
    squad: 'crew',
    budget,
    idempotencyKey: 'spending',
  });
  const other = await ada.submit<unknown, unknown>('hanging', { input: {}, squad: 'crew', idempotencyKey: 'hanging' });
  const outcome = await raised(squadra, run);
  if (outcome.status !== 'completed') throw new Error(JSON.stringify(outcome));
  for await (const event of other.events()) if (event.event === 'step' && event.phase === 'intent') break;
  await other.cancel();
  const forked = await run.fork({ from: 'last' });
  await raised(squadra, forked);
}

/** How it ends, with a person who raises its budget whenever it asks. */
async function raised(squadra: Squadra, run: Run<unknown>): Promise<Outcome<unknown>> {
  const [outcome] = await Promise.all([run.result(), raise(squadra, run.id)]);
  return outcome;
}

/** Says yes to whatever it asks until it has ended. */
async function raise(squadra: Squadra, id: string): Promise<void> {
  for await (const event of squadra.run(id).events()) {
    if (event.event !== 'step' || event.type !== 'approval') continue;
    const { items } = await squadra.approvals.list({ executionId: id, status: 'pending' });
    for (const approval of items)
      await squadra.approvals.answer(approval.id, { choice: 'raise', by: 'ada' }).catch(() => {});
  }
}
