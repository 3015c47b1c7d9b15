import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { newFolder, RunningCommand, squadra, squadraJson } from './command-line.ts';

it('takes the request to its end: files, a verdict that quotes the request, and how to do it with a model', async () => {
  const folder = newFolder();
  const demo = await squadra(folder, ['demo', '--fast']);
  expect(demo).toMatchObject({ code: 0 });
  const { stdout, stderr } = demo;
  expect(stderr).toContain('no language model, no key, no cost');
  expect(stderr).toContain('then: npx squadra demo --resume');
  expect(stderr.match(/^\+ .* done in .* with 2 tool calls: /gm)).toHaveLength(3);
  expect(stderr).toMatch(/^ {2}Project manager · write: Wrote plan\.md/m);
  const paths = [...stdout.matchAll(/^ {2}(\.squadra\/out\/\S+) /gm)].map((match) => match[1] ?? '');
  expect(paths.map((path) => path.replace(/^.*\/out\/[0-9a-f-]{36}\//, ''))).toEqual([
    'plan.md',
    expect.stringMatching(/^src\/[\w-]+\.ts$/),
    'review.md',
  ]);
  for (const path of paths) expect(readFileSync(`${folder}/${path}`, 'utf8')).toContain('Offline script');
  const request = 'sign in with a link, and see where you are signed in';
  expect(stdout).toMatch(new RegExp(`The verdict\\n {2}accept .*“${request}”`));
  expect(stdout).toMatch(/npx squadra show [0-9a-f-]{36}\n/);
  const [, file = ''] = /OPENAI_API_KEY=… npx squadra run (\S+)\n/.exec(stdout) ?? [];
  expect(readFileSync(resolve(folder, file), 'utf8')).toContain(`# Feature request: ${request}`);
  const [, fork = ''] = /npx squadra (fork .*)\n$/.exec(stdout) ?? [];
  expect(fork).toMatch(/--from tester --set tester\.provider=openai$/);
  // Nobody watches, so there is nothing for a terminal in it.
  expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]/u);
  // Nothing is left of it but what others may use.
  expect(await squadraJson(folder, 'prune', '--older-than', '0s')).toMatchObject({ deleted: 1 });
  expect(readdirSync(`${folder}/.squadra/out`)).toEqual([]);
});

it('goes on after kill -9 with what was not done, and pays for nothing twice', async () => {
  const folder = newFolder();
  const demo = new RunningCommand(folder, ['demo', '--json']);
  await demo.until(/"event":"text-delta","stepKey":"backend_developer\/model\/3"/);
  demo.kill('SIGKILL');
  expect((await demo.ended).signal).toBe('SIGKILL');
  const before = await squadraJson(folder, 'show', 'latest');
  const manager = ['model/1', 'tool/1.1', 'model/2', 'tool/2.1', 'model/3'].map((call) => `project_manager/${call}`);
  const keysOf = (shown: Record<string, unknown>) => (shown['steps'] as { key: string }[]).map(({ key }) => key);
  expect(before['status']).toBe('running');
  expect(keysOf(before).slice(0, 5)).toEqual(manager);
  expect(keysOf(before).at(-1)).toBe('backend_developer/model/3');

  const resumed = await squadra(folder, ['demo', '--resume', '--fast']);
  expect(resumed).toMatchObject({ code: 0 });
  const { stdout, stderr } = resumed;
  expect(stderr).toContain('Project manager done already, not run again and not paid again');
  expect(stderr).toContain('Backend developer: a crash cut off attempt 1; asked again');
  expect(stdout).toContain(String(before['id']));
  const after = await squadraJson(folder, 'show', 'latest');
  expect(after).toMatchObject({ id: before['id'], status: 'completed' });
  const titles = (after['items'] as { title: string }[]).map(({ title }) => title);
  expect(titles).toEqual(
    ['Project manager', 'Backend developer', 'Tester'].map((who) => expect.stringMatching(`^${who}: .*sign in`)),
  );
  const tries = (after['steps'] as { key: string; attempts: number }[]).filter(({ attempts }) => attempts > 1);
  expect(tries).toMatchObject([{ key: 'backend_developer/model/3', attempts: 2 }]);

  const again = await squadra(folder, ['demo', '--resume', '--json']);
  expect(again.code).toBe(0);
  expect(lastLine(again.stdout)).toMatchObject({ id: before['id'], status: 'completed' });
}, 180_000);

it('ends with the outcome in one line as JSON', async () => {
  const { code, stdout } = await squadra(newFolder(), ['demo', '--json', '--fast']);
  expect(code).toBe(0);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; seq?: number });
  expect(lines.at(-1)).toMatchObject({ event: 'outcome', status: 'completed', output: { text: expect.any(String) } });
  const stored = lines.flatMap(({ seq }) => seq ?? []);
  expect(stored).toEqual(stored.map((_, index) => index + 1));
  expect(lines.some(({ event }) => event === 'text-delta')).toBe(true);
});

it('says that there is no demo to go on with', async () => {
  const { code, stderr } = await squadra(newFolder(), ['demo', '--resume']);
  expect(code).toBe(1);
  expect(stderr).toContain('start one with `squadra demo`');
});

function lastLine(text: string): unknown {
  return JSON.parse(text.trim().split('\n').at(-1) ?? '');
}
