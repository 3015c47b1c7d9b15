import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';

/** One call of a model, by a squad with a tester. */
export const asking = defineWorkflow({
  name: 'asking',
  input: z.object({}),
  run: async ({ squad }) => (await squad.ask('tester', 'Hello.')).text,
});
