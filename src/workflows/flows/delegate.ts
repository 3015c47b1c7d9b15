import { z } from 'zod';
import { SquadraError } from '../../kernel/errors.ts';
import type { SquadApi } from '../squad-api.ts';
import { defineWorkflow } from '../workflow.ts';
import { type FlowMember, type FlowMembers, flowMembers } from './flow-member.ts';
import { type Contribution, flowMessage, requestText } from './flow-message.ts';
import { inOrder, type Plan, type PlannedTask, planProblems, planSchema } from './plan.ts';
import { sideBySide } from './side-by-side.ts';

/**
 * The first member plans who does what; the others do it, side by side where nothing waits; the first reviews the results.
 * A plan that cannot be carried out is asked for once more, then the flow fails with `INVALID_PLAN`.
 */
export const delegate = defineWorkflow({
  name: 'delegate',
  input: z.strictObject({ message: requestText }),
  output: z.object({ text: z.string() }),
  async run({ input: { message: request }, squad }) {
    const [lead, next, ...rest] = flowMembers(squad, 'delegate');
    // Who is alone gives the tasks to itself.
    const doers: FlowMembers = next === undefined ? [lead] : [next, ...rest];
    const plan = await makePlan({ squad, request, lead, doers });
    const results = await carryOut(plan, { squad, request, lead, doers });
    const message = flowMessage({ part: reviewPart(plan), request, before: results });
    const { text } = await squad.askMember(lead.member.id, message, { name: 'review' });
    return { text };
  },
});

interface Delegation {
  readonly squad: SquadApi;
  readonly request: string;
  readonly lead: FlowMember;
  readonly doers: FlowMembers;
}

async function makePlan({ squad, request, lead, doers }: Delegation): Promise<Plan> {
  const schema = planSchema(doers);
  const ask = async (name: string, part: string, before: readonly Contribution[]) => {
    const { text, object } = await squad.askMember(lead.member.id, flowMessage({ part, request, before }), {
      name,
      schema,
    });
    const plan = schema.parse(object);
    return { text, plan, problems: planProblems(plan, doers) };
  };
  const first = await ask('plan', planPart(doers), []);
  if (first.problems.length === 0) return first.plan;
  const before = [{ from: lead.member, work: 'plan 1', text: first.text }];
  const second = await ask('plan-2', `${planPart(doers)}\n\n${correctionPart(first.problems)}`, before);
  if (second.problems.length === 0) return second.plan;
  throw new SquadraError(
    'INVALID_PLAN',
    `${lead.member.name} planned work that cannot be carried out, twice: ${second.problems.join(' ')}`,
    { details: { memberId: lead.member.id, problems: second.problems } },
  );
}

/** Every task begins when those it needs are through; names and messages come from the plan, never from who was faster. */
function carryOut(plan: Plan, { squad, request, doers }: Delegation): Promise<readonly Contribution[]> {
  const works = new Map<number, Promise<Contribution>>();
  const perform = async (planned: PlannedTask): Promise<Contribution> => {
    const { number, task, member: name, needs } = planned;
    const before = await Promise.all([...new Set(needs)].flatMap((needed) => works.get(needed) ?? []));
    const { member } = doers.find((doer) => doer.name === name) ?? doers[0];
    const message = flowMessage({ part: taskPart(number, task), request, before });
    const { text } = await squad.askMember(member.id, message, { name: `task-${number}` });
    return { from: member, work: `task ${number}`, text };
  };
  for (const planned of inOrder(plan.tasks)) works.set(planned.number, perform(planned));
  return sideBySide([...works.values()]);
}

function planPart(doers: FlowMembers): string {
  const list = doers.map(({ name, member }) => {
    const specialization = member.specialization === null ? '' : `, ${member.specialization}`;
    return `- \`${name}\`: ${member.name} (${member.role}${specialization})`;
  });
  return `Plan of the work.

Divide the request below into tasks, and give each to the member who can do it best. You can give tasks to:

${list.join('\n')}

Number the tasks 1, 2, 3 and so on, and name members as they are written above. Tasks that wait for nothing are done side by
side, so let a task wait for another (\`needs\`) only where it builds on its result. Whoever does a task sees the request, the
task and the results it waits for, and nothing else: say what to do and what to hand over. Use as few tasks as the request
takes.`;
}

function correctionPart(problems: readonly string[]): string {
  return `Your first plan, at the end, cannot be carried out:

${problems.map((problem) => `- ${problem}`).join('\n')}

Give the whole plan again, corrected.`;
}

function taskPart(number: number, task: string): string {
  return `Task ${number}: ${task.trim()}

This is your part of the request below. Do it and nothing else; colleagues do the rest.`;
}

function reviewPart({ summary, tasks }: Plan): string {
  return `Review of ${tasks.length === 1 ? 'the result' : `${tasks.length} results`}.

You divided the request below among the squad (${summary.trim()}). The results follow. Begin with your verdict and the sentence of
the request that decided it. Then give the person who asked the whole answer, put together from the results: keep what can be
used as it is, code above all. End with what is missing or contradicts itself, and who should mend it.

The tasks were:

${tasks.map(({ number, member, task }) => `${number}. \`${member}\`: ${task.trim()}`).join('\n')}`;
}
