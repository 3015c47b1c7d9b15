import { z } from 'zod';
import { defineWorkflow } from '../workflow.ts';
import { flowMembers } from './flow-member.ts';
import { type Contribution, flowMessage, requestText } from './flow-message.ts';

/** Each member gets the request and what the one before made of it; the last answer is the result. */
export const pipeline = defineWorkflow({
  name: 'pipeline',
  input: z.strictObject({ message: requestText }),
  output: z.object({ text: z.string() }),
  async run({ input, squad }) {
    let before: Contribution | null = null;
    for (const { name, member } of flowMembers(squad, 'pipeline')) {
      const message = flowMessage({ request: input.message, before: before === null ? [] : [before] });
      const answer: { readonly text: string } = await squad.askMember(member.id, message, { name });
      before = { from: member, text: answer.text };
    }
    return { text: before?.text ?? '' };
  },
});
