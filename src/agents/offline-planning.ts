import {
  bullets,
  code,
  count,
  functionNames,
  list,
  numbered,
  section,
  slug,
  table,
  taskLine,
} from './offline-blocks.ts';
import { bare, type ReadRequest } from './offline-request.ts';

/** Blocks of Markdown, the heading first. */
export type Script = (request: ReadRequest) => readonly string[];

/** Scripts of the roles that say what is to be done. */
export const planningScripts: Readonly<Record<string, Script>> = {
  project_manager({ title, firstSentence, tasks, constraints, acceptance, excluded }) {
    const first = tasks[0]?.name ?? title;
    return [
      `# Plan: ${title}`,
      '## Goal',
      `“${firstSentence}” That is how the request begins, and what has to be different when this plan is done.`,
      '## Tasks',
      numbered(tasks, taskLine),
      section('## Constraints', list(constraints)),
      '## Acceptance',
      acceptance.length > 0
        ? list(acceptance)
        : bullets(tasks, (task) => `“${task.name}” can be shown to the person who asked.`),
      '## Assumptions and open questions',
      list([
        `The request is taken to ask for ${count(tasks.length, 'thing')}, in the order given, and for nothing beside them.`,
        `Who decides when “${first}” is good enough?`,
      ]),
      section('## Not included', list(excluded)),
      '## Hand-over',
      `Start with task 1, “${first}”: the others are easier to judge once it can be seen. The numbers stay as they are.`,
    ];
  },

  product_manager({ title, firstSentence, tasks, acceptance, excluded }) {
    const first = tasks[0]?.name ?? title;
    return [
      `# Product brief: ${title}`,
      '## Who and when',
      `The person behind “${firstSentence}”; a script cannot say more about them than the request does.`,
      '## Outcome',
      `To be measured on “${bare(acceptance[0] ?? first)}”; its value today is not in the request.`,
      '## Tasks',
      numbered(tasks, taskLine),
      section('## Acceptance', list(acceptance)),
      '## First release',
      bullets(tasks.slice(0, 2), (task) => `“${task.name}”: in, because the request names it early.`),
      section('## Not included', list(excluded)),
      '## Risks to the idea',
      `Nobody may want “${first}” as it is described; five people with that task in front of them would show it.`,
      '## Hand-over',
      `Would the order change if “${(tasks.at(-1) ?? tasks[0])?.name ?? title}” were the only thing that could be had?`,
    ];
  },

  tech_lead({ title, tasks, constraints, acceptance }) {
    const names = functionNames(tasks);
    return [
      `# Technical plan: ${title}`,
      '## Decisions',
      numbered(
        tasks.slice(0, 4),
        (task) =>
          `“${task.name}” gets a module of its own; turned down: doing it where it is called. Rests on the request alone.`,
      ),
      '## Contracts',
      code(
        'ts',
        names.map((name) => `export declare function ${name}(input: unknown): Promise<Outcome>;`),
      ),
      '## Tasks',
      numbered(tasks, taskLine),
      section('## Constraints', list(constraints)),
      section('## Acceptance', list(acceptance)),
      '## Watch list',
      list([`“${tasks[0]?.name ?? title}”, because everything else comes after it in the request.`]),
      '## Hand-over',
      `Integrate from \`${names[0] ?? 'task'}\` on; ${count(names.length, 'contract')} may change with the consent of both sides.`,
    ];
  },

  solution_architect(request) {
    return architecture(request);
  },

  ai_ml_project_manager({ title, tasks, constraints, acceptance }) {
    const first = tasks[0]?.name ?? title;
    return [
      `# Bets and gates: ${title}`,
      '## Bet',
      `That “${bare(title)}” can be had by learning from data, and that no rule would do as well. The bar is that rule.`,
      '## Tasks',
      numbered(tasks, taskLine),
      '## Go or stop',
      table(
        ['gate', 'passed when', 'state'],
        tasks
          .slice(0, 5)
          .map((task, index) => [`${index + 1}`, `“${task.name}” beats the rule on data nobody tuned on`, 'open']),
      ),
      section('## Constraints', list(constraints)),
      section('## Acceptance', list(acceptance)),
      '## Data and consent',
      'Owners, rights and labels are not in the request; each needs a person before anything is trained.',
      '## Hand-over',
      `The first gate is “${first}”. “Cannot be measured” counts as an answer.`,
    ];
  },
};

function architecture({ title, tasks, constraints, acceptance }: ReadRequest): readonly string[] {
  const names = functionNames(tasks);
  return [
    `# Architecture: ${title}`,
    '## Context',
    constraints.length > 0
      ? list(constraints)
      : 'The request gives no numbers; every load and every latency here would be an assumption.',
    '## Options',
    list([
      `One process that does all ${count(tasks.length, 'task')}: the plainest thing that could work.`,
      `One part for each task: worth it only if “${tasks[0]?.name ?? title}” has to grow alone.`,
    ]),
    '## Architecture',
    code('mermaid', ['flowchart LR', ...names.map((name) => `  request --> ${name}`)]),
    '## Tasks',
    numbered(tasks, taskLine),
    '## Failure table',
    table(
      ['part', 'users notice', 'recovers by'],
      tasks.slice(0, 5).map((task) => [task.name, 'to be found out', 'to be decided']),
    ),
    section('## Acceptance', list(acceptance)),
    '## Hand-over',
    `Derive contracts for ${slug(title)} from the first option; a script has weighed nothing.`,
  ];
}
