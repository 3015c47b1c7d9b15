import { z } from 'zod';
import type { Member } from '../../squads/squad.ts';
import type { SquadApi } from '../squad-api.ts';
import { defineWorkflow } from '../workflow.ts';
import { findMember, flowMembers } from './flow-member.ts';
import { type Contribution, flowMessage, requestText } from './flow-message.ts';

const defaultRounds = 3;
/** What was not mended in ten rounds will not be mended in the eleventh. */
const maxRounds = 10;

/** In the order in which a loop hopes for them. Every field is required, for servers that hold a model to a schema. */
const verdictSchema = z.strictObject({
  verdict: z.enum(['revise', 'accept']),
  summary: z.string().describe('The reason for the verdict, with the sentence of the request that decided it.'),
  findings: z.array(z.string()).describe('What has to change, the worst first; empty when nothing has to.'),
});
type Verdict = z.infer<typeof verdictSchema>;

/** One member writes, another judges, until it accepts or the rounds are over; the last draft is the result. */
export const reviewLoop = defineWorkflow({
  name: 'review-loop',
  input: z.strictObject({
    message: requestText,
    /** 1 to 10. */
    rounds: z.int().min(1).max(maxRounds).default(defaultRounds),
    /** A role, or the name or id of a member: the first member where nothing is said. */
    author: z.string().min(1).exactOptional(),
    /** A role, or the name or id of a member: the last member where nothing is said. */
    reviewer: z.string().min(1).exactOptional(),
  }),
  output: z.object({ text: z.string(), accepted: z.boolean(), rounds: z.int(), findings: z.array(z.string()) }),
  async run({ input, squad }) {
    const members = flowMembers(squad, 'review-loop');
    const { message: request, rounds } = input;
    const author = input.author === undefined ? members[0] : findMember(members, input.author, 'author');
    const reviewer =
      input.reviewer === undefined ? (members.at(-1) ?? members[0]) : findMember(members, input.reviewer, 'reviewer');
    const loop = { squad, request, rounds, author: author.member, reviewer: reviewer.member };
    let before: readonly Contribution[] = [];
    for (let round = 1; ; round += 1) {
      const draft = await write(loop, round, before);
      const review = await judge(loop, round, [draft, ...before.slice(1)]);
      const accepted = review.verdict === 'accept';
      if (accepted || round >= rounds) return { text: draft.text, accepted, rounds: round, findings: review.findings };
      before = [draft, { from: loop.reviewer, work: `review ${round}`, text: reviewText(review) }];
    }
  },
});

interface Loop {
  readonly squad: SquadApi;
  readonly request: string;
  readonly rounds: number;
  readonly author: Member;
  readonly reviewer: Member;
}

/** `before` is the draft before and what was said of it; empty in the first round. */
async function write(loop: Loop, round: number, before: readonly Contribution[]): Promise<Contribution> {
  const part = round === 1 ? {} : { part: draftPart(round, loop.rounds) };
  const message = flowMessage({ ...part, request: loop.request, before });
  const { text } = await loop.squad.askMember(loop.author.id, message, { name: `draft-${round}` });
  return { from: loop.author, work: `draft ${round}`, text };
}

/** `before` is the draft, and the review of the one before it. */
async function judge(loop: Loop, round: number, before: readonly Contribution[]): Promise<Verdict> {
  const message = flowMessage({ part: reviewPart(round, loop.rounds), request: loop.request, before });
  const { object } = await loop.squad.askMember(loop.reviewer.id, message, {
    name: `review-${round}`,
    schema: verdictSchema,
  });
  return verdictSchema.parse(object);
}

function draftPart(round: number, rounds: number): string {
  return `Draft ${round} (round ${round} of ${rounds}).

Your draft of the answer to the request below was sent back. It follows, and then what the reviewer said. Give the whole draft
again with every finding dealt with; where you disagree with one, say so beside it instead of passing over it. Change nothing
that was not criticised.`;
}

function reviewPart(round: number, rounds: number): string {
  const again = round === 1 ? '' : ` What you said of the draft before follows it: check that it was dealt with first.`;
  return `Review of draft ${round} (round ${round} of ${rounds}).

Judge the draft below against the request, and against nothing else.${again} Accept it when the person who asked could use it as
it is; what would only be nicer is no reason to send it back. Otherwise list what has to change, so that the author can do it
without asking.`;
}

function reviewText({ summary, findings }: Verdict): string {
  return [summary.trim(), findings.map((finding, index) => `${index + 1}. ${finding.trim()}`).join('\n')]
    .filter((text) => text !== '')
    .join('\n\n');
}
