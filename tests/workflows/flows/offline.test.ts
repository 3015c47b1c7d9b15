import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProviderV4 } from '@ai-sdk/provider';
import { expect, it, onTestFinished } from 'vitest';
import { createOfflineModel } from '../../../src/agents/offline-model.ts';
import { openSquadra } from '../../../src/index.ts';
import type { Outcome, Squadra } from '../../../src/index.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { fakeProvider } from '../../agents/fake-model.ts';

const message = '# Request: a garden for the school\n\nThe yard is empty.\n\n## What we want\n\n1. Beds.\n2. A pond.\n';

/** The model that is there without a provider, at full speed. */
const offline: ProviderV4 = {
  ...fakeProvider(() => Promise.reject(new Error('It is replaced.'))),
  languageModel: () => createOfflineModel(systemClock, 0),
};

function open(): Promise<Squadra> {
  const stateDir = mkdtempSync(join(tmpdir(), 'squadra-offline-'));
  onTestFinished(() => rmSync(stateDir, { recursive: true, force: true }));
  return openSquadra({ stateDir, settings: { logLevel: 'error' }, models: { offline } });
}

interface Told {
  readonly outcome: Outcome<unknown>;
  /** The key of each ask with the texts of its answers. */
  readonly answers: ReadonlyMap<string, string>;
}

async function run(squadra: Squadra, workflow: string, squad: string): Promise<Told> {
  const submitted = await squadra.submit<unknown, unknown>(workflow, { squad, message });
  const outcome = await submitted.result();
  const messages = await submitted.messages();
  const answers = messages.filter((one) => one.message.kind === 'answer');
  return {
    outcome,
    answers: new Map(answers.map((one) => [one.message.stepKey?.split('/')[0] ?? '', one.message.text])),
  };
}

it.each([
  ['pipeline', 'research', ['product_manager', 'data_scientist', 'reviewer', 'solution_architect']],
  ['parallel', 'review', ['reviewer', 'reviewer-2', 'summary', 'tech_lead', 'tester']],
  ['delegate', 'ai-ml', ['plan', 'task-1', 'task-2', 'task-3', 'task-4', 'task-5', 'review']],
  ['review-loop', 'software', ['draft-1', 'review-1', 'draft-2', 'review-2']],
])('runs the flow %s with the squad %s and no model, from a text', async (flow, squad, asks) => {
  await using squadra = await open();
  const { outcome, answers } = await run(squadra, flow, squad);
  expect(outcome).toMatchObject({
    status: 'completed',
    output: { text: expect.stringContaining('a garden for the school') },
  });
  expect([...answers.keys()].toSorted()).toEqual(asks.toSorted());
  for (const [ask, text] of answers) expect([ask, text]).toEqual([ask, expect.stringContaining('Offline script')]);
});

it('gives every other member one task, and reviews what came back in the words of the request', async () => {
  await using squadra = await open();
  const { outcome, answers } = await run(squadra, 'delegate', 'software');
  expect(JSON.parse(answers.get('plan') ?? '')).toMatchObject({
    tasks: [
      { number: 1, member: 'backend_developer', task: 'Beds.', needs: [] },
      { number: 2, member: 'frontend_developer', task: 'A pond.', needs: [] },
      { number: 3, member: 'tester', task: 'a garden for the school', needs: [] },
    ],
  });
  expect(answers.get('task-2')).toContain('## Covered tasks\n\n1. A pond.');
  expect(outcome).toMatchObject({
    output: {
      text: expect.stringMatching(
        /the request says “The yard is empty\.”, and 3 answers came back[^]+\*\*Frontend developer \(frontend_developer\), task 2\*\*: “Front end: a garden for the school”/,
      ),
    },
  });
});

it('sends the first draft back and accepts the second, which answers what was said', async () => {
  await using squadra = await open();
  const { outcome } = await run(squadra, 'review-loop', 'software');
  expect(outcome).toMatchObject({
    output: {
      accepted: true,
      rounds: 2,
      findings: [],
      text: expect.stringMatching(/## Findings dealt with in draft 2\n\n1\. “Beds”/),
    },
  });
});
