import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { newFolder, RunningCommand, squadra, squadraJson } from './command-line.ts';

it('takes the request to its end and names what came out', async () => {
  const folder = newFolder();
  const demo = await squadra(folder, ['demo', '--fast']);
  expect(demo).toMatchObject({ code: 0 });
  const { stdout, stderr } = demo;
  expect(stderr).toContain('no language model, no key, no cost');
  expect(stderr.match(/^\+ .* done in /gm)).toHaveLength(3);
  const paths = [...stdout.matchAll(/^ {4}(\S+\.md)$/gm)].map((match) => match[1] ?? '');
  expect(paths).toHaveLength(3);
  for (const path of paths) expect(readFileSync(`${folder}/${path}`, 'utf8')).toContain('Offline script');
  expect(stdout).toMatch(/squadra show [0-9a-f-]{36}/);
  expect(stdout).toContain('OPENAI_API_KEY');
  // Nobody watches, so there is nothing for a terminal in it.
  expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]/u);
});

it('goes on after kill -9 with what was not done, and pays for nothing twice', async () => {
  const folder = newFolder();
  const demo = new RunningCommand(folder, ['demo']);
  await demo.until(/> Backend developer works/);
  demo.kill('SIGKILL');
  expect((await demo.ended).signal).toBe('SIGKILL');
  const before = await squadraJson(folder, 'show', 'latest');
  expect(before).toMatchObject({
    status: 'running',
    steps: [{ key: 'project_manager/model/1', status: 'completed' }, {}],
  });

  const resumed = await squadra(folder, ['demo', '--resume', '--fast']);
  expect(resumed).toMatchObject({ code: 0 });
  const { stdout, stderr } = resumed;
  expect(stderr).toContain('Project manager done already, not run again and not paid again');
  expect(stderr).toContain('Backend developer: a crash cut off attempt 1; asked again');
  expect(stdout).toContain(String(before['id']));
  const after = await squadraJson(folder, 'show', 'latest');
  expect(after).toMatchObject({ id: before['id'], status: 'completed' });
  expect(after['steps']).toMatchObject([{ attempts: 1, output: {} }, { attempts: 2 }, { attempts: 1 }]);

  const again = await squadra(folder, ['demo', '--resume', '--json']);
  expect(again.code).toBe(0);
  expect(lastLine(again.stdout)).toMatchObject({ id: before['id'], status: 'completed' });
}, 60_000);

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
