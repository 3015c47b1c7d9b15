import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NonRetryableError } from '../../../src/kernel/errors.ts';
import { scriptedModel } from '../../../src/testing/scripted-model.ts';
import type { Squadra } from '../../../src/orchestrator/squadra.ts';
import { executionStatuses } from '../../../src/work/execution.ts';
import type { ExecutionStatus } from '../../../src/work/execution.ts';
import { convoyStatuses } from '../../../src/work/convoy.ts';
import type { ConvoyStatus } from '../../../src/work/convoy.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';

/** An id as all are, that nothing has. */
export const randomId = '01a203f4-84a6-7004-8ba2-7fae218d8be2';

const done = defineWorkflow({ name: 'done', run: ({ step }) => step.run('say', () => 'classified-output') });
const fails = defineWorkflow({
  name: 'fails',
  run: ({ step }) =>
    step.run('fail', () => {
      throw new NonRetryableError('classified-failure');
    }),
});
const asks = defineWorkflow({
  name: 'asks',
  run: ({ step }) => step.approve('release', { title: 'classified-question', choices: ['yes', 'no'] }),
});
/** Takes the only place and keeps it. */
const stays = defineWorkflow({
  name: 'stays',
  run: ({ step }) =>
    step.run('stay', async ({ signal }) => {
      await once(signal, 'abort');
      signal.throwIfAborted();
    }),
});

/** What a tenant has, by kind: several of a kind where they differ in their state. */
export interface Things {
  readonly squads: readonly string[];
  readonly members: readonly string[];
  readonly executions: Readonly<Record<ExecutionStatus, string>>;
  readonly approvals: readonly string[];
  readonly workItems: readonly string[];
  readonly schedules: readonly string[];
  readonly convoys: Readonly<Record<ConvoyStatus, string>>;
}

/** A server with one tenant that has things of every kind, `theirs`, and one that has hardly any, `ours`. */
export interface Tenants extends AsyncDisposable {
  readonly server: TestServer;
  readonly theirs: { readonly key: string; readonly reader: string; readonly things: Things };
  readonly ours: {
    readonly key: string;
    readonly reader: string;
    readonly squad: string;
    readonly member: string;
    readonly execution: string;
    readonly workItem: string;
  };
}

export async function openTenants(): Promise<Tenants> {
  const broken = scriptedModel(() => ({ fail: { status: 400, message: 'classified-refusal' } }));
  const server = await openTestServer({
    models: { broken: broken.asProvider() },
    workflows: [done, fails, asks, stays],
    settings: {
      maxConcurrentExecutions: 1,
      rateLimitPerMinute: 0,
      shutdownGrace: '0s',
      logLevel: 'silent',
    },
  });
  const keyOf = async (tenant: string, scope: 'read' | 'admin'): Promise<string> =>
    (await server.assembly.access.createKey(tenant, { name: scope, scopes: [scope], expiresInMs: null })).text;
  const things = await makeThings(server);
  return {
    server,
    theirs: { key: await keyOf('theirs', 'admin'), reader: await keyOf('theirs', 'read'), things },
    ours: { key: await keyOf('ours', 'admin'), reader: await keyOf('ours', 'read'), ...(await makeOurs(server)) },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function makeOurs({ assembly }: TestServer) {
  const squadra = assembly.squadra.forTenant('ours');
  const squad = await squadra.squads.create({ name: 'our crew', members: [{ role: 'tester' }, { role: 'reviewer' }] });
  const { id: execution } = await squadra.submit('done', { input: 'our', squad: squad.id, start: false });
  const { id: workItem } = await squadra.workItems.create({ title: 'Our item' });
  return { squad: squad.id, member: squad.members[0]?.id ?? '', execution, workItem };
}

async function makeThings({ assembly }: TestServer): Promise<Things> {
  const squadra = assembly.squadra.forTenant('theirs');
  const crew = await squadra.squads.create({
    name: 'classified-crew',
    description: 'classified-description',
    members: [{ role: 'tester' }, { role: 'reviewer', name: 'classified-member', provider: 'broken', model: 'none' }],
  });
  const idle = await squadra.squads.create({ name: 'classified-idle', template: 'review' });
  const submit = async (workflow: string, start = true): Promise<string> =>
    (
      await squadra.submit(workflow, {
        input: 'classified-input',
        metadata: { about: 'classified-metadata' },
        squad: crew.id,
        idempotencyKey: `classified-${workflow}-${start}`,
        start,
      })
    ).id;
  const completed = await submit('done');
  await squadra.run(completed).result();
  const folder = join(assembly.settings.stateDir, 'out', completed);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'classified-plan.md'), 'classified-content');
  const failed = await submit('fails');
  await squadra.run(failed).result();
  const cancelled = await submit('asks', false);
  await squadra.run(cancelled).cancel('classified-reason');
  const waiting = await submit('asks');
  for await (const event of squadra.run(waiting).events())
    if (event.event === 'status' && event.status === 'waiting') break;
  const [approval] = (await squadra.approvals.list({ executionId: waiting })).items;
  const ended = await makeEndedConvoys(squadra, crew.id);
  const running = await submit('stays');
  for await (const event of squadra.run(running).events())
    if (event.event === 'status' && event.status === 'running') break;
  const queued = await submit('done', true).then(async () => submit('fails', false));
  await squadra.run(queued).start();
  const created = await submit('stays', false);
  // No place is free for what they would do.
  const open = await makeConvoy(squadra, crew.id, ['waiting']);
  const stopped = await makeConvoy(squadra, crew.id, ['unwanted']);
  await squadra.convoys.cancel(stopped, 'classified-reason');
  const convoys = { ...ended, running: open, cancelled: stopped };
  for (const status of convoyStatuses) {
    const found = await squadra.convoys.get(convoys[status]);
    if (found.status !== status) throw new Error(`What should be ${status} is ${found.status}.`);
  }
  const first = await squadra.workItems.create({ title: 'classified-item', labels: ['classified-label'] });
  const second = await squadra.workItems.create({ title: 'classified-second', dependencies: [first.id] });
  const executions = { created, queued, running, waiting, completed, failed, cancelled };
  for (const status of executionStatuses) {
    const found = await squadra.describe(executions[status]);
    if (found.status !== status) throw new Error(`What should be ${status} is ${found.status}.`);
  }
  const hourly = { every: '1h', squad: crew.id, workflow: 'done', input: 'classified-input' } as const;
  const ticking = await squadra.schedules.create({ ...hourly, name: 'classified-schedule' });
  const paused = await squadra.schedules.create({ ...hourly, idempotencyKey: 'classified-done-true' });
  await squadra.schedules.pause(paused.id);
  const limits = { limitTokens: 1_000_000_000 };
  await squadra.budgets.set({ scope: 'tenant', id: 'theirs', period: 'day' }, limits);
  for (const id of [crew.id, idle.id]) await squadra.budgets.set({ scope: 'squad', id, period: 'day' }, limits);
  for (const id of Object.values(executions))
    await squadra.budgets.set({ scope: 'execution', id, period: 'total' }, limits);
  return {
    squads: [crew.id, idle.id],
    members: crew.members.map(({ id }) => id),
    executions,
    approvals: [approval?.id ?? ''],
    workItems: [first.id, second.id],
    schedules: [ticking.id, paused.id],
    convoys,
  };
}

/** A convoy whose items are for that member. */
async function makeConvoy(squadra: Squadra, squad: string, keys: readonly string[]): Promise<string> {
  const items = keys.map((key) => ({
    key: `classified-${key}`,
    role: key === 'bad' ? 'reviewer' : 'tester',
    message: `classified-task ${key}`,
  }));
  return (await squadra.convoys.create({ squad, items, idempotencyKey: `classified-${keys.join()}` })).id;
}

/** Those that have ended by themselves. What the reviewer is to do fails. */
async function makeEndedConvoys(squadra: Squadra, squad: string) {
  const completed = await makeConvoy(squadra, squad, ['good']);
  const partial = await makeConvoy(squadra, squad, ['good', 'bad']);
  const failed = await makeConvoy(squadra, squad, ['bad']);
  for (const id of [completed, partial, failed]) await squadra.convoys.result(id);
  return { completed, partial, failed };
}
