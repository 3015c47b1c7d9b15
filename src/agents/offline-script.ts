import { bare, type Point, readRequest, type ReadRequest } from './offline-request.ts';

const notice =
  '> Offline script: no language model wrote this. Set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own, to get real answers.';

/** What a role answers when no model is configured: the request's own words in the shape that role gives its work. */
export function offlineAnswer(role: string, message: string): string {
  const request = readRequest(message);
  const [heading = '', ...rest] = (scripts.get(role) ?? genericScript)(request, role);
  return `${[notice, heading, `Request: “${request.title}”`, ...rest].filter((block) => block !== '').join('\n\n')}\n`;
}

/** Blocks of Markdown, the heading first. */
type Script = (request: ReadRequest, role: string) => readonly string[];

const scripts: ReadonlyMap<string, Script> = new Map([
  ['project_manager', planScript],
  ['backend_developer', backendScript],
  ['frontend_developer', frontendScript],
  ['tester', testScript],
  ['reviewer', reviewScript],
]);

function planScript({
  title,
  firstSentence,
  tasks,
  constraints,
  acceptance,
  excluded,
}: ReadRequest): readonly string[] {
  const first = tasks[0]?.name ?? title;
  return [
    `# Plan: ${title}`,
    '## Goal',
    `“${firstSentence}” That is how the request begins, and what has to be different when this plan is done.`,
    '## Tasks',
    numbered(tasks, taskLine),
    section(
      '## Constraints',
      bullets(constraints, (text) => text),
    ),
    '## Acceptance',
    acceptance.length > 0
      ? bullets(acceptance, (text) => text)
      : bullets(tasks, (task) => `“${task.name}” can be shown to the person who asked.`),
    '## Assumptions and open questions',
    bullets(
      [
        `The request is taken to ask for ${count(tasks.length, 'thing')}, in the order given, and for nothing beside them.`,
        `Who decides when “${first}” is good enough?`,
      ],
      (text) => text,
    ),
    section(
      '## Not included',
      bullets(excluded, (text) => text),
    ),
    '## Hand-over',
    `Start with task 1, “${first}”: the others are easier to judge once it can be seen. The numbers stay as they are.`,
  ];
}

function backendScript({ title, tasks, constraints, acceptance }: ReadRequest): readonly string[] {
  const names = functionNames(tasks);
  const functions = tasks.map((task, index) => functionSketch(task, index, names[index] ?? 'task'));
  return [
    `# Back end: ${title}`,
    '## Approach',
    `One function for each of the ${count(tasks.length, 'task')}. Input is checked once, where it enters; a write that arrives twice has the effect of one.`,
    '## Code',
    code('ts', [`// src/${slug(title)}.ts`, functions.join('\n\n')]),
    '## Tests',
    bullets(
      names,
      (name) => `\`${name}\` refuses empty input, accepts a good one, and changes nothing the second time.`,
    ),
    section(
      '## Constraints',
      bullets(constraints, (text) => text),
    ),
    '## Covered tasks',
    numbered(tasks, taskLine),
    section(
      '## Acceptance',
      bullets(acceptance, (text) => text),
    ),
    '## Hand-over',
    `This is a sketch of ${count(names.length, 'function')}; none was run. Check \`${names[0] ?? 'it'}\` first, it carries task 1.`,
  ];
}

function frontendScript({ title, tasks, constraints, acceptance }: ReadRequest): readonly string[] {
  const components = functionNames(tasks).map((name) => name.charAt(0).toUpperCase() + name.slice(1));
  return [
    `# Front end: ${title}`,
    '## Screens',
    bullets(tasks, (task) => `“${task.name}”: empty, loading, filled, refused, offline.`),
    '## Components',
    code('tsx', [
      `// src/${slug(title)}.tsx`,
      ...components.map((name) => `export const ${name} = () => <section aria-labelledby="${name}" />;`),
    ]),
    section(
      '## Constraints',
      bullets(constraints, (text) => text),
    ),
    '## Covered tasks',
    numbered(tasks, taskLine),
    section(
      '## Acceptance',
      bullets(acceptance, (text) => text),
    ),
    '## Hand-over',
    `Walk through the ${count(components.length, 'screen')} in this order, with the keyboard alone.`,
  ];
}

function testScript({ title, tasks, constraints, acceptance }: ReadRequest): readonly string[] {
  const criteria = acceptance.length > 0 ? acceptance : tasks.map((task) => task.name);
  return [
    `# Test report: ${title}`,
    '## Verdict',
    `**accept with remarks** - the request asks for “${bare(title)}”, and each of its ${count(tasks.length, 'task')} is named in the work. A script reads and does not run, so no criterion counts as met.`,
    '## Acceptance',
    [
      '| criterion | met | seen |',
      '| --- | --- | --- |',
      ...criteria.map((text) => `| ${cell(text)} | open | named, not run |`),
    ].join('\n'),
    '## Findings',
    numbered(tasks.slice(0, 4), (task) => `*hurts*: nothing was handed over that shows “${task.name}” at work.`),
    '## Test cases',
    bullets(
      tasks,
      (task) => `“${task.name}”: with nothing, with one, with too many, twice, and as somebody who may not.`,
    ),
    section(
      '## Limits to try',
      bullets(constraints.slice(0, 4), (text) => text),
    ),
    '## Not tested',
    'Everything that needs a running system.',
    '## Hand-over',
    `Finding 1, about “${tasks[0]?.name ?? title}”, is the one to begin with.`,
  ];
}

function reviewScript({ title, firstSentence, tasks }: ReadRequest): readonly string[] {
  const first = tasks.slice(0, 3);
  return [
    `# Review: ${title}`,
    '## Decision',
    `**approve after changes** - the work answers “${firstSentence}”, and a script cannot judge more than that.`,
    '## Must change',
    numbered(first, (task) => `Show what happens when “${task.name}” fails halfway.`),
    '## Questions',
    bullets(first, (task) => `Who may do “${task.name}”, and with whose data?`),
  ];
}

function genericScript({ title, firstSentence, tasks }: ReadRequest, role: string): readonly string[] {
  const who = role === '' ? 'this agent' : `the role ${role}`;
  return [
    `# ${title}`,
    `There is no script for ${who}; this is what it read: “${firstSentence}”`,
    numbered(tasks, taskLine),
  ];
}

/** A heading with what follows; nothing when nothing follows. */
function section(heading: string, body: string): string {
  return body === '' ? '' : `${heading}\n\n${body}`;
}

function taskLine({ name, text }: Point): string {
  return bare(text) !== name && text.startsWith(name) ? `**${name}**${text.slice(name.length)}` : text;
}

function functionSketch(task: Point, index: number, name: string): string {
  return [
    `/** Task ${index + 1}: ${task.name.replaceAll('*/', '* /')}. */`,
    `export async function ${name}(input: unknown): Promise<Outcome> {`,
    '  const checked = check(input);',
    `  return store.once('${name}', checked);`,
    '}',
  ].join('\n');
}

function code(language: string, lines: readonly string[]): string {
  return [`\`\`\`${language}`, ...lines, '```'].join('\n');
}

function numbered<T>(items: readonly T[], line: (item: T) => string): string {
  return items.map((item, index) => `${index + 1}. ${line(item)}`).join('\n');
}

function bullets<T>(items: readonly T[], line: (item: T) => string): string {
  return items.map((item) => `- ${line(item)}`).join('\n');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function cell(text: string): string {
  return bare(text).replaceAll('|', '\\|');
}

/** One name for each task, made of its first words, none of them twice. */
function functionNames(tasks: readonly Point[]): readonly string[] {
  const taken = new Map<string, number>();
  return tasks.map((task) => {
    const [first = 'task', ...rest] = words(task.name).slice(0, 4);
    const name = first + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
    const times = (taken.get(name) ?? 0) + 1;
    taken.set(name, times);
    return times === 1 ? name : `${name}${times}`;
  });
}

function slug(title: string): string {
  return words(title).slice(0, 4).join('-') || 'request';
}

const fillers = new Set('a an the of to and or in on for with is are be it that we i you where'.split(' '));

function words(text: string): readonly string[] {
  const found = text.toLowerCase().match(/\p{L}[\p{L}\p{N}]*/gu) ?? [];
  return found.filter((word) => !fillers.has(word));
}
