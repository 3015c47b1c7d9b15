import { z } from 'zod';
import { SquadraError } from '../../kernel/errors.ts';
import type { Member } from '../../squads/squad.ts';
import { defineWorkflow } from '../workflow.ts';

/** Each member gets the request and what the one before made of it; the last answer is the result. */
export const pipeline = defineWorkflow({
  name: 'pipeline',
  input: z.object({ message: z.string().min(1) }),
  output: z.object({ text: z.string() }),
  async run({ input, squad }) {
    if (squad.members.length === 0)
      throw new SquadraError('UNKNOWN_SQUAD', 'The workflow `pipeline` needs a squad; submit it with one.');
    let before: { readonly member: Member; readonly text: string } | null = null;
    for (const [place, member] of squad.members.entries()) {
      const again = squad.members.slice(0, place).filter(({ role }) => role === member.role).length;
      const name = again === 0 ? member.role : `${member.role}-${again + 1}`;
      const answer: { readonly text: string } = await squad.askMember(member.id, handOver(input.message, before), {
        name,
      });
      before = { member, text: answer.text };
    }
    return { text: before?.text ?? '' };
  },
});

function handOver(request: string, before: { readonly member: Member; readonly text: string } | null): string {
  if (before === null) return request;
  return `# Request\n\n${request}\n\n# From ${before.member.name} (${before.member.role})\n\n${before.text}`;
}
