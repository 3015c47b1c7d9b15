import { z } from 'zod';
import { defineWorkflow } from '../workflow.ts';
import { flowMembers } from './flow-member.ts';
import { type Contribution, flowMessage, requestText } from './flow-message.ts';
import { sideBySide } from './side-by-side.ts';

/** All members answer the request side by side; the first makes one answer of theirs. Who is alone just answers. */
export const parallel = defineWorkflow({
  name: 'parallel',
  input: z.strictObject({ message: requestText }),
  output: z.object({ text: z.string() }),
  async run({ input, squad }) {
    const members = flowMembers(squad, 'parallel');
    const answers = await sideBySide(
      members.map(async ({ name, member }): Promise<Contribution> => {
        const { text } = await squad.askMember(member.id, input.message, { name });
        return { from: member, text };
      }),
    );
    if (answers.length === 1) return { text: answers[0]?.text ?? '' };
    const message = flowMessage({ part: summaryPart(answers.length), request: input.message, before: answers });
    const { text } = await squad.askMember(members[0].member.id, message, { name: 'summary' });
    return { text };
  },
});

function summaryPart(count: number): string {
  return `Summary of ${count} answers.

The members of the squad, you among them, answered the request below without seeing each other's work. Make one answer of
theirs for the person who asked. Say first what they agree on, then where they contradict each other and which side you take
and why, then what nobody answered. Keep what can be used as it is, code above all, and name whose it is. Add no work of your
own.`;
}
