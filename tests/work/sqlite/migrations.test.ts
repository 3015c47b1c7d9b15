import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { openAssembly } from '../../../src/compose.ts';
import { readSettings } from '../../../src/config/settings.ts';
import { defineWorkflow } from '../../../src/index.ts';
import { temporaryFolder } from './open-state.ts';

const greet = defineWorkflow({ name: 'greet', run: ({ step }) => step.run('one', () => 'Hello') });
const ask = defineWorkflow({
  name: 'ask',
  run: ({ step }) => step.approve('release', { title: 'Out with it?', choices: ['yes', 'no'] }),
});

/** Two asks of tenant `acme` as the first version stored them: what was asked is known of the first one alone. */
const paidAsks = `
  INSERT INTO executions (no, tenant, id, status, priority, workflow, created_at, ended_at, is_request, metadata, input, cost_micro_usd, model_calls)
    VALUES (900, 'acme', '0199a1b2-c3d4-7000-8000-000000000900', 'completed', 0, 'greet', 1, 2, 0, 'null', '1', 7, 3);
  INSERT INTO journal (execution, seq, tenant, at, kind, key, type, phase, attempt, text)
    VALUES (900, 1, 'acme', 1, 'step', 'tester/reviewer/model/1', 'model', 'completed', 1, '{"provider":"own","model":"inner"}'),
      (900, 2, 'acme', 1, 'step', 'tester/model/1', 'model', 'failed', 1, NULL),
      (900, 3, 'acme', 1, 'step', 'tester/model/1', 'model', 'completed', 2, '{"provider":"own","model":"m"}');
  INSERT INTO work_items (id, tenant, status, version, priority, execution_id, step_key, created_at, updated_at, title, context, metadata, artifacts,
      labels, dependencies, cost_micro_usd, model_calls)
    VALUES ('0199a1b2-c3d4-7000-8000-000000000901', 'acme', 'completed', 1, 0, '0199a1b2-c3d4-7000-8000-000000000900', 'tester', 1, 1, 't', 'null', 'null',
        'null', '[]', '[]', 5, 2),
      ('0199a1b2-c3d4-7000-8000-000000000902', 'acme', 'failed', 1, 0, '0199a1b2-c3d4-7000-8000-000000000900', 'other', 1, 1, 't', 'null', 'null',
        'null', '[]', '[]', 2, 1);
`;

/** A state as the first version left it: what ended, what waits for a person, what failed, what was never started. */
function makeFirstVersion(stateDir: string): void {
  mkdirSync(stateDir, { recursive: true });
  using database = new DatabaseSync(join(stateDir, 'squadra.db'));
  database.exec(readFileSync(join(import.meta.dirname, 'version-1.sql'), 'utf8'));
  database.exec(paidAsks);
  database.exec('PRAGMA application_id = 1397834834; PRAGMA user_version = 1; PRAGMA journal_mode = WAL');
}

it('goes on with a state of the first version: nothing is lost, and what waited goes on', async () => {
  await using folder = await temporaryFolder();
  makeFirstVersion(folder.path);
  {
    const read = { readSettings: (given = {}) => readSettings({}, { ...given, logLevel: 'silent' }) };
    const { squadra, access } = await openAssembly({ stateDir: folder.path, workflows: [greet, ask] }, read);
    await using _squadra = squadra;
    const { items } = await squadra.list();
    expect(items.map(({ workflow, status, userId }) => [workflow, status, userId])).toEqual([
      ['pipeline', 'created', null],
      ['fail', 'failed', null],
      ['ask', 'waiting', null],
      ['greet', 'completed', null],
    ]);
    const acme = squadra.forTenant('acme');
    expect((await acme.list()).items).toContainEqual(
      expect.objectContaining({ workflow: 'greet', status: 'completed' }),
    );
    // The journal tells once which models were asked.
    expect((await acme.costs({ groupBy: 'model' })).items).toMatchObject([
      { key: 'own/m', costMicroUsd: 5, modelCalls: 2 },
      { key: null, costMicroUsd: 2, modelCalls: 1 },
    ]);
    expect(await squadra.squads.get('pair')).toMatchObject({
      userId: null,
      version: 1,
      members: [{ name: 'Ada' }, {}],
    });
    const [, , waiting, greeted] = items;
    const seqs: unknown[] = [];
    for await (const event of squadra.run(greeted?.id ?? '').events())
      if ('seq' in event && event.event !== 'done') seqs.push(event.seq);
    expect(seqs).toEqual(seqs.map((_, place) => place + 1));
    expect(seqs.length).toBeGreaterThan(3);
    const run = squadra.run(waiting?.id ?? '');
    await run.approve('release', { choice: 'yes' });
    expect(await run.result()).toMatchObject({ status: 'completed', output: { choice: 'yes' } });
    expect(access.isOpen).toBe(true);
    const { text } = await access.createKey('acme', { name: 'first', scopes: ['read'], expiresInMs: null });
    expect(await access.authenticateKey(text)).toMatchObject({ tenant: 'acme' });
    const own = await squadra.forTenant('acme', 'user-7').submit(greet, { input: {} });
    expect(await own.result()).toMatchObject({ status: 'completed' });
    expect((await own.get()).userId).toBe('user-7');
  }
  using database = new DatabaseSync(join(folder.path, 'squadra.db'), { readOnly: true });
  expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
});
