import { z } from 'zod';
import type { FlowMembers } from './flow-member.ts';

/** More than one member can keep an overview of. */
const maxTasks = 50;

/** One task of a plan. */
export interface PlannedTask {
  readonly number: number;
  /** The name of a member, as the flow calls it. */
  readonly member: string;
  readonly task: string;
  /** Numbers of the tasks whose results it builds on. */
  readonly needs: readonly number[];
}

/** Who does what, and what waits for what. */
export interface Plan {
  readonly summary: string;
  readonly tasks: readonly PlannedTask[];
}

/**
 * What the answer of whoever plans has to look like. Every field is required and no length is set, because servers that
 * hold a model to a schema know no more than that. The members are named to the model alone: `planProblems` checks them,
 * together with everything else.
 */
export function planSchema(members: FlowMembers) {
  return z.strictObject({
    summary: z.string().describe('How the work is divided, in one or two sentences.'),
    tasks: z
      .array(
        z.strictObject({
          number: z.int().describe('1, 2, 3 …'),
          member: z.string().meta({ enum: members.map(({ name }) => name) }),
          task: z.string().describe('What to do and what to hand over.'),
          needs: z.array(z.int()).describe('Numbers of the tasks whose results it builds on.'),
        }),
      )
      .min(1)
      .max(maxTasks),
  }) satisfies z.ZodType<Plan>;
}

/** Everything that keeps a plan from being carried out, in words for whoever made it; empty when nothing does. */
export function planProblems({ tasks }: Plan, members: FlowMembers): readonly string[] {
  const names = new Set(members.map(({ name }) => name));
  const numbers = new Set(tasks.map(({ number }) => number));
  const problems = tasks.flatMap(({ number, member, task, needs }) => [
    ...(number >= 1 ? [] : [`Task ${number}: numbers begin at 1.`]),
    ...(task.trim() === '' ? [`Task ${number} does not say what to do.`] : []),
    ...(names.has(member)
      ? []
      : [`Task ${number} is given to ${JSON.stringify(member)}; the members are ${[...names].join(', ')}.`]),
    ...needs
      .filter((needed) => !numbers.has(needed))
      .map((needed) => `Task ${number} waits for task ${needed}, which is not in the plan.`),
  ]);
  const twice = [...numbers].filter((number) => tasks.filter((task) => task.number === number).length > 1);
  const circle = findCircle(tasks);
  return [
    ...twice.map((number) => `Two tasks have the number ${number}.`),
    ...problems,
    ...(circle === null ? [] : [`Tasks wait for each other in a circle: ${circle.join(' → ')}.`]),
  ];
}

/** The tasks in an order in which each comes after those it needs; otherwise as they were listed. Only for a plan without problems. */
export function inOrder(tasks: readonly PlannedTask[]): readonly PlannedTask[] {
  const ordered: PlannedTask[] = [];
  const done = new Set<number>();
  while (ordered.length < tasks.length) {
    const next = tasks.find(({ number, needs }) => !done.has(number) && needs.every((needed) => done.has(needed)));
    if (next === undefined) break;
    done.add(next.number);
    ordered.push(next);
  }
  return ordered;
}

/** The numbers of one circle, the first again at the end; null when there is none. */
function findCircle(tasks: readonly PlannedTask[]): readonly number[] | null {
  const needs = new Map(tasks.map((task) => [task.number, task.needs]));
  const clear = new Set<number>();
  const follow = (number: number, path: readonly number[]): readonly number[] | null => {
    const at = path.indexOf(number);
    if (at >= 0) return [...path.slice(at), number];
    if (clear.has(number)) return null;
    for (const needed of needs.get(number) ?? []) {
      const circle = follow(needed, [...path, number]);
      if (circle !== null) return circle;
    }
    clear.add(number);
    return null;
  };
  for (const number of needs.keys()) {
    const circle = follow(number, []);
    if (circle !== null) return circle;
  }
  return null;
}
