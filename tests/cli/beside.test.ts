import { expect, it } from 'vitest';
import { newFolder, RunningCommand, squadra, squadraJson } from './command-line.ts';
import { project } from './workflows.ts';

it('does everything but a second run beside the process that runs the state', async () => {
  const folder = newFolder({ ...project, 'request.md': 'x' });
  const owner = new RunningCommand(folder, ['run', '--workflow', 'gate', '--input', '{}']);
  await owner.until(/go waits for the signal 'go'/);

  const second = await squadra(folder, ['run', 'request.md']);
  expect(second.code).toBe(3);
  expect(second.stderr).toContain(`run by process ${owner.pid}`);
  expect(second.stderr).toContain('squadra run');
  expect((await squadra(folder, ['demo'])).code).toBe(3);

  const { items } = await squadraJson(folder, 'list', '--status', 'waiting');
  expect(items).toMatchObject([{ workflow: 'gate', status: 'waiting', squadId: null }]);
  expect(await squadraJson(folder, 'doctor')).toMatchObject({
    ok: true,
    examinations: expect.arrayContaining([
      { name: 'owner', result: 'ok', text: expect.stringContaining(`process ${owner.pid} `) },
    ]),
  });
  expect(await squadraJson(folder, 'check')).toEqual({ checked: 1, items: [] });
  expect(await squadraJson(folder, 'prune', '--older-than', '0s')).toMatchObject({ deleted: 0 });

  expect(await squadraJson(folder, 'signal', 'latest', 'go', '{"where":"on"}')).toMatchObject({ signal: 'go' });
  const [, id = '', approval = ''] = await owner.until(/squadra approve (\S+) (\S+) yes/);
  const question = await squadra(folder, ['approve', id, approval]);
  expect(question.code).toBe(2);
  expect(question.stderr).toMatch(/Out with it\?[\s\S]*All is well\.[\s\S]*release yes[\s\S]*release no/);
  const wrong = await squadra(folder, ['approve', id, approval, 'perhaps']);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('UNKNOWN_CHOICE') });
  const answered = await squadra(folder, ['approve', id, approval, 'yes', '--by', 'Maren', '--comment', 'fine']);
  expect(answered).toMatchObject({ code: 0, stderr: '' });

  const { code, stdout } = await owner.ended;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    go: { payload: { where: 'on' }, timedOut: false },
    release: { choice: 'yes', by: 'Maren', comment: 'fine' },
    last: 2,
  });
  expect(await squadraJson(folder, 'prune', '--older-than', '0s')).toMatchObject({ deleted: 1 });
  // Fifteen processes one after the other: much where the machine is busy.
}, 180_000);

it('cancels what another process runs', async () => {
  const folder = newFolder(project);
  const owner = new RunningCommand(folder, ['run', '--workflow', 'gate', '--input', '{}']);
  const [, id = ''] = await owner.until(/Execution (\S+): gate/);
  await owner.until(/go waits/);
  const cancelled = await squadra(folder, ['cancel', id.slice(0, 20), '--reason', 'no longer wanted']);
  expect(cancelled).toMatchObject({ code: 0, stdout: `Execution ${id} is cancelled.\n`, stderr: '' });
  const { code, stderr } = await owner.ended;
  expect(code).toBe(1);
  expect(stderr).toContain('Cancelled: no longer wanted');
  expect(await squadraJson(folder, 'show', id)).toMatchObject({ status: 'cancelled', reason: 'no longer wanted' });
});
