import type { ProviderV4 } from '@ai-sdk/provider';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { fakeProvider, wholeAnswer } from '../../agents/fake-model.ts';
import type { DashboardServer } from '../support/dashboard-server.ts';

/** Many steps one after the other, of which each tenth says more. */
export const longRun = defineWorkflow<{ readonly steps: number }, string>({
  name: 'long-run',
  async run({ input, step }) {
    for (let n = 1; n <= input.steps; n++)
      await step.run(`step ${n}`, () => (n % 10 === 0 ? { n, text: 'seen '.repeat(20) } : n));
    return `${input.steps} steps`;
  },
});

/** Waits for a person, and tells what was chosen. */
export const release = defineWorkflow<{ readonly what: string }, string>({
  name: 'release',
  async run({ input, step }) {
    const answer = await step.approve('release', {
      title: `Release ${input.what}?`,
      details: `Everything about **${input.what}** is ready.`,
      choices: ['go', 'stop'],
    });
    return 'choice' in answer ? `${answer.choice} by ${answer.by}` : 'nobody answered';
  },
});

/** Waits for a signal. */
export const gated = defineWorkflow<unknown, unknown>({
  name: 'gated',
  run: async ({ step }) => step.waitFor('go').then(() => 'gone'),
});

/** A model that answers at once, always the same. */
export function instantModel(text = 'Nothing is missing.'): ProviderV4 {
  const parts = wholeAnswer(text);
  return fakeProvider(() => ReadableStream.from(parts) as ReadableStream<(typeof parts)[number]>);
}

const levels = 5;

/** Items of a convoy in five levels; each needs two of the level before. */
export function convoyItems(
  count: number,
): readonly { key: string; role: string; message: string; dependsOn?: string[] }[] {
  const width = Math.ceil(count / levels);
  return Array.from({ length: count }, (_, n) => {
    const level = Math.floor(n / width);
    const [first, second] = [n - width, ((n + 1) % width) + (level - 1) * width];
    return {
      key: `item-${n}`,
      role: 'tester',
      message: `Look at part ${n}.`,
      ...(level === 0 ? {} : { dependsOn: [...new Set([first, second])].map((need) => `item-${need}`) }),
    };
  });
}

/** Submits, and waits for the end; the id. */
export async function runToEnd(server: DashboardServer, submission: unknown): Promise<string> {
  const { id } = await server.send<{ readonly id: string }>('/executions', { body: submission });
  await server.assembly.squadra.run(id).result();
  return id;
}

/** The same for a convoy. */
export async function convoyToEnd(server: DashboardServer, convoy: unknown): Promise<string> {
  const { id } = await server.send<{ readonly id: string }>('/convoys', { body: convoy });
  await server.assembly.squadra.convoys.result(id);
  return id;
}
