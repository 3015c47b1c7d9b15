import { join } from 'node:path';
import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import { openSquadraIn } from '../../src/compose.ts';
import type { Surroundings } from '../../src/compose.ts';
import { NonRetryableError } from '../../src/kernel/errors.ts';
import type { Run } from '../../src/orchestrator/run-handle.ts';
import type { Squadra } from '../../src/orchestrator/squadra.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { fakeProvider, wholeAnswer } from '../agents/fake-model.ts';
import { Ledger } from './ledger.ts';

/** What the story ends with when everything went its way. */
export const ending = { answer: 'Tested.', bill: 'paid', go: { payload: 'go on', timedOut: false } };

export function ledgerOf(stateDir: string): Ledger {
  return new Ledger(join(stateDir, 'ledger.jsonl'));
}

/** Opens the state with workflows that pass every kind of commit, and bodies that note themselves in the ledger. */
export function openStory(stateDir: string, surroundings: Partial<Surroundings>): Promise<Squadra> {
  const ledger = ledgerOf(stateDir);
  const story = defineWorkflow({
    name: 'story',
    run: async ({ squad, step }) => {
      const plan = await step.run('plan', () => (ledger.did('plan'), 'a plan'));
      const { text } = await squad.ask('tester', plan);
      await step.sleep('nap', 5);
      const go = await step.waitFor('go');
      const bill = await step.run('bill', ({ number }) => {
        ledger.did('bill');
        if (number === 1) throw new NonRetryableError('The first bill is refused.');
        return 'paid';
      });
      return { answer: text, bill, go };
    },
  });
  const other = defineWorkflow({ name: 'other', run: ({ step }) => step.waitFor('never') });
  const model = fakeProvider((options) => {
    ledger.did(`model ${idempotencyKey(options).split('/').slice(1).join('/')}`);
    return new ReadableStream({
      start(controller) {
        for (const part of wholeAnswer('Tested.')) controller.enqueue(part);
        controller.close();
      },
    });
  });
  const crew = { name: 'crew', members: [{ role: 'tester', provider: 'fake', model: 'm' }] };
  const options = {
    stateDir,
    workflows: [story, other],
    squads: [crew],
    models: { fake: model },
    settings: { logLevel: 'silent', readers: 1 },
  } as const;
  return openSquadraIn(options, surroundings);
}

function idempotencyKey({ headers }: LanguageModelV4CallOptions): string {
  return headers?.['Idempotency-Key'] ?? '';
}

/**
 * Goes through the story from wherever it stands: what was promised before is not asked for again, everything else is, as a
 * caller does who got no answer.
 */
export async function tell(squadra: Squadra, ledger: Ledger): Promise<void> {
  const run = await submitted(squadra, ledger, 'submit', 'story');
  await parksAt(run, 'go');
  await once(ledger, 'signal', run, () => run.signal('go', 'go on'));
  if ((await run.result()).status === 'failed') {
    await once(ledger, 'retry', run, () => run.retry());
    await run.result();
  }
  const other = await submitted(squadra, ledger, 'submit other', 'other');
  await parksAt(other, 'never');
  await once(ledger, 'cancel', other, () => other.cancel());
}

async function submitted(
  squadra: Squadra,
  ledger: Ledger,
  promise: 'submit' | 'submit other',
  workflow: string,
): Promise<Run> {
  const id = ledger.promised(promise);
  if (id !== null) return squadra.run(id);
  const run = await squadra.submit(workflow, { input: {}, squad: 'crew', idempotencyKey: workflow });
  ledger.promise(promise, run.id);
  return run;
}

async function once(
  ledger: Ledger,
  promise: 'signal' | 'retry' | 'cancel',
  run: Run,
  ask: () => Promise<unknown>,
): Promise<void> {
  if (ledger.promised(promise) !== null) return;
  await ask();
  ledger.promise(promise, run.id);
}

/**
 * Waits until the execution is parked at a step, or ended without it. Not only until the step is open: a signal that comes
 * before the park is taken by the run that is there, and then nothing is claimed for it.
 */
async function parksAt(run: Run, key: string): Promise<void> {
  let isOpen = false;
  for await (const event of run.events()) {
    isOpen ||= event.event === 'step' && event.key === key;
    if (isOpen && event.event === 'status' && event.status === 'waiting') return;
  }
}
