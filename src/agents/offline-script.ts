import { readRequest, type ReadRequest } from './offline-request.ts';

const notice =
  '> Offline script: no language model wrote this. Set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own, to get real answers.';

/** What a role answers when no model is configured: the request's own words in the shape that role gives its work. */
export function offlineAnswer(role: string, message: string): string {
  const request = readRequest(message);
  return [notice, ...(scripts.get(role) ?? genericScript)(request, role)].join('\n\n') + '\n';
}

type Script = (request: ReadRequest, role: string) => readonly string[];

const scripts: ReadonlyMap<string, Script> = new Map([
  ['project_manager', planScript],
  ['backend_developer', backendScript],
  ['frontend_developer', frontendScript],
  ['tester', testScript],
  ['reviewer', reviewScript],
]);

function planScript(request: ReadRequest): readonly string[] {
  const { title, firstSentence, points } = request;
  return [
    `# Plan: ${title}`,
    quote(title),
    `## Goal`,
    `The request begins: “${firstSentence}” When this plan is done, that can be shown to the person who asked.`,
    `## Tasks`,
    numbered(points, (point) => point),
    `## Acceptance`,
    bullets(points, (point) => `It can be shown that this holds: “${bare(point)}”.`),
    `## Assumptions and open questions`,
    bullets([title], () => `The ${count(points.length, 'point')} above are taken to be everything that was asked for.`),
    `## Hand-over`,
    `Start with task 1, “${bare(points[0] ?? title)}”. The numbers stay as they are.`,
  ];
}

function backendScript(request: ReadRequest): readonly string[] {
  const { title, points } = request;
  const names = functionNames(points);
  const functions = points.map((point, index) =>
    [
      `/** Task ${index + 1}: ${bare(point).replaceAll('*/', '* /')}. */`,
      `export async function ${names[index]}(input: unknown): Promise<Outcome> {`,
      `  const checked = check(input);`,
      `  return store.write('${names[index]}', checked);`,
      `}`,
    ].join('\n'),
  );
  return [
    `# Back end: ${title}`,
    quote(title),
    `## Approach`,
    `One function for each of the ${count(points.length, 'task')}. Input is checked once, on the way in; a write that arrives twice has the effect of one.`,
    `## Code`,
    ['```ts', `// src/${slug(title)}.ts`, functions.join('\n\n'), '```'].join('\n'),
    `## Tests`,
    bullets(points, (_, index) => `\`${names[index]}\` refuses empty input, accepts a good one, and does nothing new the second time.`),
    `## Covered tasks`,
    numbered(points, (point) => point),
    `## Hand-over`,
    `This is a sketch: ${count(points.length, 'function')}, none of them run. Check each against its task above.`,
  ];
}

function frontendScript(request: ReadRequest): readonly string[] {
  const { title, points } = request;
  return [
    `# Front end: ${title}`,
    quote(title),
    `## Screens`,
    bullets(points, (point) => `For “${bare(point)}”: empty, loading, filled and refused.`),
    `## Components`,
    ['```tsx', `// src/${slug(title)}.tsx`, ...functionNames(points).map((name) => `export const ${pascal(name)} = () => <section aria-label="${name}" />;`), '```'].join('\n'),
    `## Covered tasks`,
    numbered(points, (point) => point),
    `## Hand-over`,
    `Walk through the ${count(points.length, 'screen')} in the order above; each names the task it belongs to.`,
  ];
}

function testScript(request: ReadRequest): readonly string[] {
  const { title, points } = request;
  return [
    `# Test report: ${title}`,
    quote(title),
    `## Verdict`,
    `**accept with remarks** - each of the ${count(points.length, 'task')} of “${bare(title)}” is named in the work. A script can read but not run it, so nothing here was executed.`,
    `## Acceptance`,
    ['| criterion | met | what was seen |', '| --- | --- | --- |', ...points.map((point) => `| ${bare(point).replaceAll('|', '\\|')} | named | not run |`)].join('\n'),
    `## Findings`,
    numbered(points.slice(0, 3), (point) => `*untidy*: no observation was handed over that shows “${bare(point)}”.`),
    `## Test cases`,
    bullets(points, (point) => `Try “${bare(point)}” with nothing, with one, with too many, and twice.`),
    `## Hand-over`,
    `The findings are numbered; the first one is the one to begin with.`,
  ];
}

function reviewScript(request: ReadRequest): readonly string[] {
  const { title, firstSentence, points } = request;
  return [
    `# Review: ${title}`,
    quote(title),
    `## Decision`,
    `**approve after changes** - the work answers “${firstSentence}”, and a script cannot judge more than that.`,
    `## Must change`,
    numbered(points.slice(0, 3), (point) => `Show the error path of “${bare(point)}”.`),
    `## Questions`,
    bullets(points.slice(0, 3), (point) => `Who may do this, and with whose data: “${bare(point)}”?`),
  ];
}

function genericScript(request: ReadRequest, role: string): readonly string[] {
  const { title, firstSentence, points } = request;
  return [
    `# ${title}`,
    quote(title),
    `There is no script for the role ${role === '' ? 'of this agent' : role}, so it repeats what it read: “${firstSentence}”`,
    numbered(points, (point) => point),
  ];
}

function quote(title: string): string {
  return `Request: “${title}”`;
}

function numbered(points: readonly string[], line: (point: string) => string): string {
  return points.map((point, index) => `${index + 1}. ${line(point)}`).join('\n');
}

function bullets(points: readonly string[], line: (point: string, index: number) => string): string {
  return points.map((point, index) => `- ${line(point, index)}`).join('\n');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Without the full stop, so that it can stand inside a sentence. */
function bare(point: string): string {
  return point.replace(/[.!?;,:]+$/u, '');
}

/** One name for each point, made of its first words, no name twice. */
function functionNames(points: readonly string[]): readonly string[] {
  const taken = new Map<string, number>();
  return points.map((point) => {
    const [first = 'task', ...rest] = words(point).slice(0, 4);
    const name = first + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
    const times = (taken.get(name) ?? 0) + 1;
    taken.set(name, times);
    return times === 1 ? name : `${name}${times}`;
  });
}

function slug(title: string): string {
  return words(title).slice(0, 5).join('-') || 'request';
}

function pascal(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

const fillers = new Set(['a', 'an', 'the', 'of', 'to', 'and', 'or', 'in', 'on', 'for', 'with', 'is', 'are', 'be', 'it', 'that', 'we', 'i']);

function words(text: string): string[] {
  const found = text.toLowerCase().match(/[\p{L}][\p{L}\p{N}]*/gu) ?? [];
  return found.filter((word) => !fillers.has(word));
}
