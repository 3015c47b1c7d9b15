import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSquadraIn } from '../../src/compose.ts';
import type { Squadra } from '../../src/orchestrator/squadra.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { fakeProvider, wholeAnswer } from '../agents/fake-model.ts';

const asking = defineWorkflow({ name: 'asking', run: async ({ squad }) => (await squad.ask('tester', 'Test.')).text });

/** Where each call that reaches the model leaves a line. */
export function callsFile(stateDir: string): string {
  return join(stateDir, 'calls.txt');
}

/** Opens the state with a model that bears one call at a time, and answers none of them where it `hangs`. */
export function openWaiting(stateDir: string, hangs: boolean): Promise<Squadra> {
  const model = fakeProvider(({ abortSignal }) => {
    appendFileSync(callsFile(stateDir), 'call\n');
    if (hangs)
      return new Promise((_, reject) =>
        abortSignal?.addEventListener('abort', () => reject(new Error('It was aborted.'))),
      );
    return new ReadableStream({
      start(controller) {
        for (const part of wholeAnswer('Tested.')) controller.enqueue(part);
        controller.close();
      },
    });
  });
  return openSquadraIn(
    {
      stateDir,
      workflows: [asking],
      squads: [{ name: 'crew', members: [{ role: 'tester', provider: 'fake', model: 'm' }] }],
      models: { fake: model },
      prices: { fake: { input: 1, output: 10 } },
      settings: { logLevel: 'silent', readers: 1, maxConcurrentModelCalls: 1 },
    },
    { random: () => 0 },
  );
}

/** Submits one execution that makes its call and two that have to wait for it; the same ones when it is called again. */
export function submitThree(squadra: Squadra) {
  return Promise.all(
    ['first', 'second', 'third'].map((idempotencyKey) =>
      squadra.submit<unknown, string>('asking', { input: {}, squad: 'crew', idempotencyKey }),
    ),
  );
}
