/** Workflows as users write them, as text for their files. */
const steps = `
import { defineWorkflow } from 'squadra';
import { z } from 'zod';

export const greet = defineWorkflow({
  name: 'greet',
  input: z.object({ message: z.string() }),
  run: async ({ input, step }) => ({ text: await step.run('greet', () => 'Hello, ' + input.message.trim()) }),
});

export const gate = defineWorkflow({
  name: 'gate',
  async run({ step }) {
    const first = await step.run('first', () => 1);
    const go = await step.waitFor('go');
    const release = await step.approve('release', { title: 'Out with it?', details: 'All is well.', choices: ['yes', 'no'] });
    const last = await step.run('last', () => first + 1);
    return { go, release, last };
  },
});

export const fragile = defineWorkflow({
  name: 'fragile',
  async run({ step }) {
    const kept = await step.run('kept', () => Math.random());
    await step.run('breaks', async () => {
      const { existsSync } = await import('node:fs');
      if (!existsSync('mended')) throw new Error('It is broken', { cause: new TypeError('because of this') });
    }, { retries: 0 });
    return kept;
  },
});
`;

/** A folder of a project with these workflows. */
export const project = { 'squadra.yaml': 'workflows: [./steps.ts]\n', 'steps.ts': steps };
