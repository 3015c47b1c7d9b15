import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSquadra } from '../../src/index.ts';
import type { Run } from '../../src/index.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { squadra } from '../cli/command-line.ts';

const tasks = `squad: software
items:
  - { key: plan, role: project_manager, message: Plan a login page. }
  - { key: api, role: backend_developer, message: Write the API., dependsOn: [plan] }
`;

/** Files of a project whose state `soloState` makes. */
export const soloProject = { 'tasks.yaml': tasks };

const gate = defineWorkflow({
  name: 'gate',
  async run({ step }) {
    await step.run('first', () => 1);
    await step.waitFor('go');
    await step.approve('release', { title: 'Out with it?', choices: ['yes', 'no'] });
  },
});
const nap = defineWorkflow({ name: 'nap', run: ({ step }) => step.sleep('long', '30d') });

/**
 * Fills the state folder of a project by real runs, until every table has rows: executions that ended, that wait for a signal, a
 * person and a time, that are queued and that were running when their process died.
 */
export async function soloState(folder: string): Promise<void> {
  for (const args of [
    ['budgets', 'set', 'tenant', '--period', 'day', '--budget', '100', '--on-exceeded', 'ask'],
    ['convoy', 'run', 'tasks.yaml', '--quiet'],
    ['schedules', 'create', '--every', '90m', '--name', 'often', '--message', 'Look at the news'],
    ['keys', 'create', '--name', 'ci', '--scopes', 'read,write'],
  ]) {
    const { code, stderr } = await squadra(folder, args);
    if (code !== 0) throw new Error(`squadra ${args.join(' ')}: ${stderr}`);
  }
  const stateDir = join(folder, '.squadra');
  {
    await using running = await openSquadra({ stateDir, workflows: [gate, nap] });
    const waiting = [
      await running.submit(gate, { input: { text: 'a\u0000b' } }),
      await running.submit(gate, { input: {} }),
    ];
    const sleeping = await running.submit(nap, { input: {} });
    for (const run of [...waiting, sleeping]) await untilWaiting(run, 1);
    await waiting[1]?.signal('go', { payload: 'now' });
    if (waiting[1] !== undefined) await untilWaiting(waiting[1], 2);
    await waiting[0]?.signal('later');
    await running.submit(gate, { input: {}, start: false });
  }
  handMade(join(stateDir, 'squadra.db'));
}

/** Resolves when it has begun to wait so many times. */
async function untilWaiting(run: Pick<Run, 'events'>, times: number): Promise<void> {
  let seen = 0;
  for await (const event of run.events())
    if (event.event === 'status' && event.status === 'waiting' && ++seen === times) return;
}

/** What takes a browser, a crash or an agent's own plans to come about. */
function handMade(path: string): void {
  using database = new DatabaseSync(path);
  database.exec(`
    INSERT INTO users (id, tenant, sub, name, created_at) VALUES ('u1', 'local', 'sub', 'Ada', 1);
    INSERT INTO sessions (hash, key_id, created_at, used_at) SELECT 'h1', id, 1, 2 FROM api_keys LIMIT 1;
    INSERT INTO metric_resources VALUES (7, 3, 0.1, 0.30000000000000004, 1e9, 2e9, 1.5, 2);
    INSERT INTO budget_holds (execution, key, attempt, budget, period, micro_usd, tokens)
      SELECT executions.no, 'ask/model/1', 1, budgets.no, '2026-01-01', 5, 6 FROM executions, budgets LIMIT 1;
    INSERT OR IGNORE INTO budget_periods (budget, name, reserved_micro_usd, reserved_tokens) SELECT no, '2026-01-01', 5, 6 FROM budgets;
    INSERT INTO journal (no, execution, seq, tenant, at, kind) SELECT max(no) + 1, 0, 0, '', 0, 'mark' FROM journal;
    UPDATE executions SET status = 'running', epoch = 3 WHERE no = (SELECT max(no) FROM executions WHERE status = 'waiting');
    UPDATE executions SET status = 'queued' WHERE no = (SELECT max(no) FROM executions WHERE status = 'created');
  `);
  database.prepare('UPDATE approvals SET comment = ?').run('a\u0000b\u{F0F0F}0');
}
