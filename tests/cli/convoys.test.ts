import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startModelServer } from '../../src/testing/model-server/model-server.ts';
import type { ReceivedCall } from '../../src/testing/model-server/served-call.ts';
import { newFolder, RunningCommand, squadra, squadraJson } from './command-line.ts';

const tasks = `squad: software
items:
  - { key: plan, role: project_manager, message: Plan a login page. }
  - { key: api, role: backend_developer, message: Write the API., dependsOn: [plan] }
  - { key: ui, role: frontend_developer, message: Write the page., dependsOn: [plan] }
  - { key: test, role: tester, message: Test both., dependsOn: [api, ui], priority: 10 }
`;
const idPattern = /Convoy ([0-9a-f-]{36})/;
const convoyIn = (text: string): string => idPattern.exec(text)?.[1] ?? '';

it('works off a file of tasks, tells how far it is, and where the results are', async () => {
  const folder = newFolder({ 'tasks.yaml': tasks });
  const run = await squadra(folder, ['convoy', 'run', 'tasks.yaml']);
  expect(run.code).toBe(0);
  const id = convoyIn(run.stdout);
  expect(run.stdout).toBe(`[${'█'.repeat(30)}] 4 of 4 done\nConvoy ${id} is completed.\n`);
  expect(run.stderr).toContain(`Convoy ${id}: 4 items.\n`);
  expect(run.stderr).toMatch(/^\d of 4 done/m);
  expect(run.stderr).toContain(`What each item came to: npx squadra convoys ${id}\n`);
  expect(run.stderr).not.toContain('\r');

  const listed = await squadra(folder, ['convoys']);
  expect(listed.stdout).toMatch(/^ID +STATUS +SQUAD +ITEMS +CREATED +TOOK +WHY\n/);
  expect(listed.stdout).toMatch(
    new RegExp(`^${id.slice(0, 13)} +completed +software +4 of 4 done +.*[\\d.]+m?s$`, 'm'),
  );
  const one = await squadra(folder, ['convoys', id.slice(0, 20)]);
  expect(one.stdout).toMatch(
    /^Convoy \S+ completed, .*\n\[█{30}\] 4 of 4 done\n\nKEY +ROLE +STATUS +EXECUTION +RESULT\n/,
  );
  expect(one.stdout).toMatch(/^plan +project_manager +completed +[0-9a-f-]{36} +\S+/m);
  expect(one.stderr).toContain('npx squadra show <execution>');
  const document = await squadraJson(folder, 'convoys', 'latest');
  expect(document).toMatchObject({
    id,
    status: 'completed',
    parallelism: null,
    progress: { total: 4, completed: 4 },
    items: [
      { key: 'plan' },
      { key: 'api', dependsOn: ['plan'] },
      { key: 'ui' },
      { key: 'test', text: expect.any(String) },
    ],
  });
  expect(await squadraJson(folder, 'convoys', '--status', 'completed')).toMatchObject({
    items: [{ id, progress: { total: 4 } }],
    nextCursor: null,
  });
  expect((await squadra(folder, ['convoys', '--status', 'failed'])).stdout).toContain('Nothing matches');
}, 60_000);

it('works off the example of the repository', async () => {
  const example = readFileSync(join(import.meta.dirname, '../../examples/tasks.yaml'), 'utf8');
  const run = await squadraJson(newFolder({ 'tasks.yaml': example }), 'convoy', 'run', 'tasks.yaml');
  expect(run).toMatchObject({ status: 'completed', progress: { total: 4, completed: 4 } });
});

it('writes one JSON document, and the same file under one key is the same convoy', async () => {
  const folder = newFolder({ 'tasks.yaml': tasks, 'other.yaml': tasks.replace('Test both.', 'Test all.') });
  const keyed = ['convoy', 'run', '--idempotency-key', 'release-7'];
  const first = await squadraJson(folder, ...keyed, 'tasks.yaml');
  expect(first).toMatchObject({ status: 'completed', items: [{ key: 'plan', text: expect.any(String) }, {}, {}, {}] });
  expect(await squadraJson(folder, ...keyed, 'tasks.yaml')).toEqual(first);
  const other = await squadra(folder, [...keyed, 'other.yaml', '--quiet']);
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('IDEMPOTENCY_CONFLICT') });
}, 60_000);

/** Refuses what is asked about an item for as long as `isBroken` says. */
const refusing =
  (key: string, isBroken: () => boolean) =>
  ({ body }: ReceivedCall) =>
    isBroken() && body.includes(`Do ${key}.`) && !body.includes('# Result of')
      ? ({ status: 400, errorMessage: 'no such thing' } as const)
      : undefined;
const plain = (keys: readonly string[], more = ''): string =>
  `${more}items:\n${keys
    .map(
      (key) =>
        `  - { key: ${key
          .split('<')
          .join(', role: tester, dependsOn: ')
          .replace(/^(\w+)/, `$1, message: Do ${key.charAt(0)}.`)}${key.includes('<') ? '' : ', role: tester'} }`,
    )
    .join('\n')}\n`;

it('ends with 1 when something failed, names it, and does that again on request', async () => {
  let isBroken = true;
  await using models = await startModelServer({ behave: refusing('b', () => isBroken) });
  const env = { OPENAI_BASE_URL: models.url };
  const folder = newFolder({ 'tasks.yaml': plain(['a', 'b', 'c<[b]']) });
  const run = await squadra(folder, ['convoy', 'run', 'tasks.yaml'], { env });
  expect(run.code).toBe(1);
  const id = convoyIn(run.stdout);
  expect(run.stdout).toContain('1 of 3 done, 1 failed, 1 cancelled');
  expect(run.stdout).toMatch(
    /Convoy \S+ ended partial: 1 of 3 items failed: 'b' \(.*no such thing.*\); 1 was cancelled/,
  );
  expect(run.stdout).toMatch(/^ {2}failed b: .*no such thing/m);
  expect(run.stderr).toContain(`Again what failed: npx squadra convoy retry ${id}\n`);
  const one = await squadra(folder, ['convoys', 'latest'], { env });
  expect(one.stdout).toMatch(/^c +tester +cancelled +- +it depends on 'b', which failed$/m);

  const retried = await squadra(folder, ['convoy', 'retry', id.slice(0, 18)], { env });
  expect(retried).toMatchObject({ code: 0, stdout: `Convoy ${id} runs again; what was completed stays.\n` });
  const command = /squadra (convoy run --resume \S+)/.exec(retried.stderr)?.[1] ?? '';
  isBroken = false;
  const resumed = await squadra(folder, command.split(' '), { env });
  expect(resumed).toMatchObject({ code: 0, stdout: expect.stringContaining(`Convoy ${id} is completed.`) });
  const asked = models.calls.map(({ body }) => /Do (\w)\./.exec(body)?.[1]);
  expect(asked.filter((key) => key === 'a')).toHaveLength(1);

  const again = await squadra(folder, ['convoy', 'retry', id], { env });
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('ILLEGAL_TRANSITION') });
}, 60_000);

it('ends with 1 when it was out of time, or stopped at the first failure', async () => {
  await using models = await startModelServer({
    behave: (call) => refusing('a', () => true)(call) ?? (call.body.includes('Do b.') ? { hang: 'inside' } : undefined),
  });
  const env = { OPENAI_BASE_URL: models.url };
  const folder = newFolder({
    'slow.yaml': plain(['b', 'c<[b]'], 'timeout: 300ms\n'),
    'strict.yaml': plain(['a', 'c'], 'stopOnFirstFailure: true\nparallelism: 1\n'),
  });
  const [slow, strict] = [
    await squadra(folder, ['convoy', 'run', 'slow.yaml'], { env }),
    await squadra(folder, ['convoy', 'run', 'strict.yaml', '--quiet'], { env }),
  ];
  expect(slow).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/has failed: the convoy was out of time after 300 ms/),
  });
  expect(strict).toMatchObject({
    code: 1,
    stderr: '',
    stdout: expect.stringMatching(/0 of 2 done, 1 failed, 1 cancelled\nConvoy \S+ has failed: /),
  });
}, 60_000);

it('is interrupted by Ctrl-C without loss: what is in hand is finished, the rest goes on later', async () => {
  await using models = await startModelServer({ defaults: { text: 'An answer.', paceMs: 20 } });
  const env = { OPENAI_BASE_URL: models.url };
  const folder = newFolder({ 'tasks.yaml': plain(['a', 'b<[a]', 'c<[b]']) });
  const run = new RunningCommand(folder, ['convoy', 'run', 'tasks.yaml'], { env });
  await models.reached('received');
  run.kill('SIGINT');
  const { code, stderr } = await run.ended;
  expect(code).toBe(130);
  const id = convoyIn(stderr);
  expect(stderr).toContain(`Or end it: npx squadra convoy cancel ${id}`);
  const command = /squadra (convoy run --resume \S+)/.exec(stderr)?.[1] ?? '';
  expect(await squadraJson(folder, 'convoys', id)).toMatchObject({ status: 'running' });
  const resumed = await squadra(folder, [...command.split(' '), '--quiet'], { env });
  expect(resumed).toMatchObject({ code: 0, stdout: expect.stringContaining('3 of 3 done') });
  expect(
    models.calls.map(({ attempt }) => attempt),
    'no call was made twice',
  ).toEqual([1, 1, 1]);
}, 60_000);

it('is cancelled by another process, down to the call in flight', async () => {
  await using models = await startModelServer({ defaults: { hang: 'inside' } });
  const env = { OPENAI_BASE_URL: models.url };
  const folder = newFolder({ 'tasks.yaml': plain(['a', 'b<[a]']) });
  const run = new RunningCommand(folder, ['convoy', 'run', 'tasks.yaml'], { env });
  await models.reached('received');
  const second = await squadra(folder, ['convoy', 'run', 'tasks.yaml'], { env });
  expect(second).toMatchObject({ code: 3, stderr: expect.stringContaining(`run by process ${run.pid}`) });
  const listed = await squadra(folder, ['convoys']);
  expect(listed.stdout).toMatch(/running +software +0 of 2 done, 1 running/);
  const cancelled = await squadra(folder, ['convoy', 'cancel', 'latest', '--reason', 'not needed']);
  expect(cancelled).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Convoy \S+ is cancelled\.\n$/),
    stderr: '',
  });
  await models.reached('aborted');
  const { code, stdout } = await run.ended;
  expect(code).toBe(1);
  expect(stdout).toMatch(/Convoy \S+ was cancelled: not needed\./);
  expect(await squadraJson(folder, 'convoy', 'cancel', 'latest')).toMatchObject({
    status: 'cancelled',
    changed: false,
  });
}, 60_000);

it('says what is wrong with a file, where and what to do, and makes no state by looking', async () => {
  const item = (text: string): string => `items:\n  - { key: a, role: tester, message: x }\n  - { ${text} }\n`;
  const wrong: readonly (readonly [string, RegExp])[] = [
    [
      'items: [\n  { key: a',
      /tasks\.yaml describes no convoy:\n {2}- .*line 2[\s\S]*Correct the file and run it again/,
    ],
    [item('key: b, role: tester, mesage: x'), /line 3, items\[1\]/],
    [item('key: a, role: tester, message: x'), /tasks\.yaml, lines 2, 3: .*two items have the key 'a'/],
    [
      item('key: b, role: pilot, message: x'),
      /tasks\.yaml, line 3: Item 'b' is for pilot, .*its roles are project_manager, /,
    ],
    [item('key: b, role: tester, message: x, dependsOn: [ghost]'), /tasks\.yaml, line 3: Item 'b' depends on 'ghost'/],
    [
      item('key: b, role: tester, message: x, dependsOn: [b]'),
      /tasks\.yaml, line 3: Items wait for each other in a circle: 'b' → 'b'/,
    ],
    [item('key: b, message: x'), /tasks\.yaml, line 3: .*item 'b' has exactly one of 'role' and 'memberId'/],
    [`squad: nobody\n${item('key: b, role: tester, message: x')}`, /There is no squad 'nobody'|nobody/],
    [`timeout: soon\n${item('key: b, role: tester, message: x')}`, /'timeout' of the convoy/],
  ];
  for (const [text, why] of wrong) {
    const folder = newFolder({ 'tasks.yaml': text });
    const { code, stderr, stdout } = await squadra(folder, ['convoy', 'run', 'tasks.yaml']);
    expect([text, code, stdout]).toEqual([text, 2, '']);
    expect(stderr).toMatch(why);
  }
  const folder = newFolder();
  for (const [args, why] of [
    [['convoy', 'run', 'nowhere.yaml'], /cannot be read from nowhere\.yaml/],
    [['convoy', 'run'], /Give a file of tasks/],
    [['convoys', '--status', 'sleepy'], /'sleepy' is no status; those there are: running, completed, partial/],
  ] as const)
    expect(await squadra(folder, args)).toMatchObject({ code: 2, stderr: expect.stringMatching(why) });
  expect((await squadra(folder, ['convoys'])).stdout).toContain('No convoys yet.');
  expect(await squadra(folder, ['convoys', 'latest'])).toMatchObject({ code: 1 });
  expect(existsSync(join(folder, '.squadra'))).toBe(false);
}, 120_000);
