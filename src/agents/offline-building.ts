import {
  bullets,
  code,
  count,
  functionNames,
  list,
  numbered,
  section,
  slug,
  snakeNames,
  table,
  taskLine,
} from './offline-blocks.ts';
import type { Script } from './offline-planning.ts';
import type { Point, ReadRequest } from './offline-request.ts';

/** Scripts of the roles that make something. */
export const buildingScripts: Readonly<Record<string, Script>> = {
  backend_developer(request) {
    const { title, tasks } = request;
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
      ...carriedOn(request),
      '## Hand-over',
      `This is a sketch of ${count(names.length, 'function')}; none was run. Check \`${names[0] ?? 'it'}\` first, it carries task 1.`,
    ];
  },

  frontend_developer(request) {
    const { title, tasks } = request;
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
      ...carriedOn(request),
      '## Hand-over',
      `Walk through the ${count(components.length, 'screen')} in this order, with the keyboard alone.`,
    ];
  },

  designer(request) {
    const { title, firstSentence, tasks } = request;
    return [
      `# Design: ${title}`,
      '## Journey',
      `It begins with “${firstSentence}”`,
      numbered(tasks, (task) => `The person meets “${task.name}”, and it goes wrong once.`),
      '## Layouts',
      bullets(tasks, (task) => `“${task.name}”: one heading, one main action, everything else below.`),
      '## States and messages',
      table(
        ['screen', 'empty', 'refused'],
        tasks.slice(0, 6).map((task) => [task.name, 'says what will be here', 'says what to do next']),
      ),
      ...carriedOn(request),
      '## Hand-over',
      `The order of the screens carries the idea; “${tasks[0]?.name ?? title}” must not bend.`,
    ];
  },

  devops_engineer(request) {
    const { title, tasks } = request;
    const settings = snakeNames(tasks).map((name) => name.toUpperCase());
    return [
      `# Operations: ${title}`,
      '## Pipeline',
      code('yaml', ['# .ci/pipeline.yaml', 'stages: [check, test, build, release]', `artefact: ${slug(title)}`]),
      '## Configuration',
      table(
        ['setting', 'for', 'default'],
        settings.map((name, index) => [`${name}_ENABLED`, tasks[index]?.name ?? title, 'false']),
      ),
      '## Runbook',
      numbered(
        [
          'Release with every setting at its default.',
          ...tasks.map((task) => `Switch on “${task.name}”, watch, and switch it off again to go back.`),
        ],
        (text) => text,
      ),
      ...carriedOn(request),
      '## Hand-over',
      'None of these commands was run; the way back is one setting for each task.',
    ];
  },
};

/** What the next in line needs to find the request again. */
export function carriedOn({ tasks, constraints, acceptance }: ReadRequest): readonly string[] {
  return [
    section('## Constraints', list(constraints)),
    '## Covered tasks',
    numbered(tasks, taskLine),
    section('## Acceptance', list(acceptance)),
  ];
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
