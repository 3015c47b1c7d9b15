import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readConvoyYaml } from '../../src/config/convoy-yaml.ts';

function written(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'squadra-tasks-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'tasks.yaml');
  writeFileSync(path, text);
  return path;
}

const item = '{ key: a, role: tester, message: Do it. }';

it('reads a convoy with everything it may say, and knows the lines of its items', () => {
  const { request, linesOf } = readConvoyYaml(
    written(`# Tasks
squad: software
parallelism: 4
stopOnFirstFailure: true
timeout: 30m
cpuThreshold: 70.5
items:
  - { key: plan, role: project_manager, message: Plan it. }
  - key: test
    memberId: 01a203f4-84a6-7004-8ba2-7fae218d8be2
    message: |
      Test it.
      Twice.
    dependsOn: [plan]
    priority: 10
  - { key: plan, role: tester, message: Again. }
`),
  );
  expect(request).toEqual({
    squad: 'software',
    parallelism: 4,
    stopOnFirstFailure: true,
    timeout: '30m',
    cpuThreshold: 70.5,
    items: [
      { key: 'plan', role: 'project_manager', message: 'Plan it.' },
      {
        key: 'test',
        memberId: '01a203f4-84a6-7004-8ba2-7fae218d8be2',
        message: 'Test it.\nTwice.\n',
        dependsOn: ['plan'],
        priority: 10,
      },
      { key: 'plan', role: 'tester', message: 'Again.' },
    ],
  });
  expect([linesOf('plan'), linesOf('test'), linesOf('ghost')]).toEqual([[8, 16], [9], []]);
});

it.each([
  ['nothing', '', /items: .*array/],
  ['a list', `- ${item}`, /expected object/],
  ['no items', 'items: []', /line 1, items: /],
  ['an unknown field', `colour: red\nitems: [${item}]`, /"colour"/],
  [
    'an unknown field of an item',
    `items:\n  - ${item}\n  - { key: b, role: tester, mesage: x }`,
    /line 3, items\[1\].*: /,
  ],
  ['a key that is no text', 'items:\n  - { key: [a], role: tester, message: x }', /line 2, items\[0\]\.key: /],
  ['an item without a message', 'items:\n  - key: a\n    role: tester', /line 2, items\[0\]\.message: /],
  [
    'a dependency that is no list',
    `items:\n  - { key: a, role: b, message: c, dependsOn: d }`,
    /line 2, items\[0\]\.dependsOn: /,
  ],
  ['no YAML', 'items: [\n  { key: a', /line 2/],
  ['a parallelism that is neither', `parallelism: many\nitems: [${item}]`, /line 1, parallelism: /],
])('refuses %s, and says where and what to do', (_, text, why) => {
  const path = written(text);
  expect(() => readConvoyYaml(path)).toThrow(
    expect.objectContaining({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(why),
      details: expect.objectContaining({ path }),
    }),
  );
  expect(() => readConvoyYaml(path)).toThrow(
    /Correct the file and run it again; `squadra convoy run --help` shows one\.$/,
  );
});

it('says that there is no such file', () => {
  expect(() => readConvoyYaml('/nowhere/tasks.yaml')).toThrow(/cannot be read from \/nowhere\/tasks\.yaml: ENOENT/);
});
