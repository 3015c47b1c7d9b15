import { expect, it } from 'vitest';
import { z } from 'zod';
import { newFolder, RunningCommand, squadra, squadraJson } from './command-line.ts';

const shape = z.looseObject({ id: z.string(), upcoming: z.array(z.string()) });
const listShape = z.object({ items: z.array(z.looseObject({ id: z.string() })) });

it('creates, lists, pauses, resumes and deletes schedules, where nobody runs the state', async () => {
  const folder = newFolder();
  expect((await squadra(folder, ['schedules'])).stderr).toContain('There is no schedule');
  const cron = ['--cron', '0 9 * * mon-fri', '--timezone', 'Europe/Berlin', '--message', 'Look at the news'];
  const created = await squadra(folder, ['schedules', 'create', ...cron, '--name', 'mornings', '--overlap', 'queue']);
  expect(created.stdout).toMatch(/Schedule [0-9a-f-]{36} ticks next at 2\d{3}-/);
  expect(created.stderr).toContain('npx squadra serve');
  const input = ['--workflow', 'task', '--input', '{"message":"x","member":"y"}', '--priority', '-5'];
  const second = shape.parse(await squadraJson(folder, 'schedules', 'create', '--every', '90m', ...input));
  const listed = (await squadra(folder, ['schedules'])).stdout;
  expect(listed).toMatch(/ID +STATUS +WHEN +NEXT +LAST +FIRED +SKIPPED +MISSED +WORKFLOW +NAME/);
  expect(listed).toMatch(/active +0 9 \* \* mon-fri \(Europe\/Berlin\) .* pipeline +mornings/);
  expect(listed).toMatch(/active +every 1h 30m +in 1h/);
  expect((await squadra(folder, ['schedules', 'pause', 'mornings'])).stdout).toContain('is paused');
  expect((await squadra(folder, ['schedules', 'resume', 'mornings'])).stdout).toContain('ticks next at');
  expect((await squadra(folder, ['schedules', 'delete', second.id])).code).toBe(0);
  const { items } = listShape.parse(await squadraJson(folder, 'schedules', 'list'));
  expect(items).toMatchObject([{ name: 'mornings', status: 'active', overlap: 'queue', version: 3 }]);
});

it('calls wrong usage by its name', async () => {
  const folder = newFolder();
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['create', '--message', 'x'], /exactly one of 'cron' and 'every'/],
    [['create', '--cron', 'soon', '--message', 'x'], /no cron expression/],
    [['create', '--every', '1h'], /exactly one of 'message' and 'input'/],
    [['create', '--every', '1h', '--input', '{'], /--input is no JSON/],
    [['create', '--every', '1h', '--message', 'x', '--priority', 'high'], /--priority/],
    [['create', '--every', '1h', '--message', 'x', '--missed', 'some'], /skip, once, all/],
    [['create', '--every', '1h', '--message', 'x', '--workflow', 'mine'], /'mine' is not registered/],
    [['pause'], /schedule/],
  ];
  for (const [args, why] of wrong) {
    const { code, stderr } = await squadra(folder, ['schedules', ...args]);
    expect([args, code === 1 || code === 2]).toEqual([args, true]);
    expect(stderr).toMatch(why);
  }
});

it('ticks in a server, which has the schedules of squadra.yaml, and takes others beside it', async () => {
  const schedule = 'schedules:\n  - { name: nightly, cron: "0 3 * * *", message: Look at the day }\n';
  const folder = newFolder({ 'squadra.yaml': schedule });
  const server = new RunningCommand(folder, ['serve', '--port', '0']);
  await server.until(/http:/);
  const [, url = ''] = await server.until(/(http:\/\/127\.0\.0\.1:\d+)/);
  const { id } = shape.parse(
    await squadraJson(folder, 'schedules', 'create', '--every', '1s', '--message', 'Say hello'),
  );
  const stream = await fetch(`${url}/api/v1/events?after=start`);
  let told = '';
  const decoder = new TextDecoder();
  for await (const part of stream.body ?? []) if ((told += decoder.decode(part)).includes('"queued"')) break;
  const made = await fetch(`${url}/api/v1/executions?schedule=${id}`);
  expect(await made.json()).toMatchObject({
    items: expect.arrayContaining([expect.objectContaining({ workflow: 'pipeline' })]),
  });
  const { items } = listShape.parse(await squadraJson(folder, 'schedules'));
  expect(items).toMatchObject([{ id }, { name: 'nightly', cron: '0 3 * * *', timezone: 'UTC' }]);
  server.kill('SIGKILL');
});
