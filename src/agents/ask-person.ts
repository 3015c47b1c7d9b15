import { z } from 'zod';
import { type AnyTool, defineTool } from '../workflows/tool.ts';

const maxQuestionLength = 10_000;

/** What `ask_person` is called with. */
export const question = z.object({
  question: z.string().min(1).max(maxQuestionLength).describe('What you need to know, with what it depends on.'),
  choices: z
    .array(z.string().min(1).max(200))
    .min(2)
    .max(10)
    .optional()
    .describe('Possible answers, if there are few; the person may add a text to any.'),
});

/** Asks a person and waits for as long as it takes. The loop turns it into an approval, since only a workflow can wait. */
export const askPerson: AnyTool = defineTool({
  name: 'ask_person',
  description:
    'Ask the person who gave you this work. Use it only when you cannot go on without the answer: it may take hours to come.',
  input: question,
  isIdempotent: true,
  run: () => {
    throw new Error('The agent loop answers this tool; it is never run.');
  },
});
