import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { sendCommand } from '../../src/compose.ts';
import { openReports } from '../../src/compose/outside.ts';
import { defineWorkflow, openSquadra } from '../../src/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import type { InboxCommand } from '../../src/work/inbox.ts';
import { openSqliteInbox } from '../../src/work/sqlite/sqlite-state.ts';

const gate = defineWorkflow({
  name: 'gate',
  run: async ({ step }) => [
    await step.waitFor('go', { name: 'one' }),
    await step.waitFor('go', { name: 'two', timeout: 50 }),
  ],
});

function newState(): string {
  const stateDir = mkdtempSync(join(tmpdir(), 'squadra-inbox-'));
  onTestFinished(() => rmSync(stateDir, { recursive: true, force: true }));
  return stateDir;
}

it('applies a command that is sent again once', async () => {
  const stateDir = newState();
  await using squadra = await openSquadra({ stateDir, workflows: [gate] });
  const run = await squadra.submit(gate, { input: {} });
  const inbox = openSqliteInbox(stateDir, systemClock);
  const body = { id: run.id, name: 'go', payload: 1 };
  const command: InboxCommand = { id: 'the-same', tenant: 'local', name: 'signal', body };
  expect(await inbox.send(command, 5_000)).toMatchObject({ ok: true });
  expect(await inbox.send(command, 5_000)).toMatchObject({ ok: true });
  expect(await run.result()).toMatchObject({ output: [{ payload: 1 }, { timedOut: true }] });
});

it('answers with what went wrong, also where the command cannot be read', async () => {
  const stateDir = newState();
  await using squadra = await openSquadra({ stateDir });
  expect(squadra.tenant).toBe('local');
  const inbox = openSqliteInbox(stateDir, systemClock);
  const unreadable = { id: 'c1', tenant: 'local', name: 'cancel', body: { id: 7, force: true } } as const;
  expect(await inbox.send(unreadable, 5_000)).toMatchObject({ ok: false, error: { code: 'INVALID_INPUT' } });
  const id = '0199a1b2-c3d4-7000-8000-000000000001';
  const unknown = { tenant: 'local', name: 'retry', body: { id } } as const;
  await expect(sendCommand({ stateDir }, unknown, 5_000)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('is another tenant’s business only for that tenant', async () => {
  const stateDir = newState();
  await using squadra = await openSquadra({ stateDir, workflows: [gate] });
  const { id } = await squadra.submit(gate, { input: {} });
  const foreign = { tenant: 'other', name: 'cancel', body: { id } } as const;
  await expect(sendCommand({ stateDir }, foreign, 5_000)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await using state = await openReports({ stateDir });
  expect(await state.reports.get('local', id)).not.toMatchObject({ status: 'cancelled' });
});
