import { z } from 'zod';
import { defineWorkflow } from '../workflow.ts';
import { flowMembers } from './flow-member.ts';
import { requestText } from './flow-message.ts';

/** One member does one thing: what an item of a convoy is. */
export const task = defineWorkflow({
  name: 'task',
  input: z.strictObject({
    message: requestText,
    /** The id of a member: the first one where nothing is said. */
    member: z.string().min(1).exactOptional(),
    /** What it builds on: results of other items, by their keys. */
    before: z.array(z.strictObject({ key: z.string(), text: z.string() })).exactOptional(),
  }),
  output: z.object({ text: z.string() }),
  async run({ input: { message, member, before = [] }, squad }) {
    const id = member ?? flowMembers(squad, 'task')[0].member.id;
    const results = before.map(({ key, text }) => `# Result of '${key}'\n\n${text}`);
    const { text } = await squad.askMember(id, [message, ...results].join('\n\n'), { name: 'task' });
    return { text };
  },
});
