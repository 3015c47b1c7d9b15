import { z } from 'zod';
import { type AnyTool, defineTool } from '../workflows/tool.ts';

const maxMessageLength = 200_000;

/** What `ask_member` is called with. */
export const memberQuestion = z.object({
  member: z.string().min(1).max(200).describe('The role or the name of the colleague.'),
  message: z
    .string()
    .min(1)
    .max(maxMessageLength)
    .describe('What they need to know to do it: they see nothing else of your work.'),
});

/** Gives a part of the work to another member of the squad. The loop turns it into an ask within the ask. */
export const askMember: AnyTool = defineTool({
  name: 'ask_member',
  description: 'Ask a colleague of your squad to do a part of the work, and get the answer back.',
  input: memberQuestion,
  isIdempotent: true,
  run: () => {
    throw new Error('The agent loop answers this tool; it is never run.');
  },
});
