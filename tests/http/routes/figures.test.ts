import { expect, it } from 'vitest';
import { createClient } from '../../../src/client.ts';
import type { Stats } from '../../../src/orchestrator/metrics/stats.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';

const greet = defineWorkflow({ name: 'greet', run: ({ step }) => step.run('one', () => 'Hello') });
const fail = defineWorkflow({ name: 'fail', run: () => Promise.reject(new Error('broken')) });
const wait = defineWorkflow({ name: 'wait', run: ({ step }) => step.waitFor('go') });
const workflows = [greet, fail, wait];

async function keyOf(server: TestServer, tenant: string, scopes: readonly ('read' | 'write' | 'admin')[]) {
  return (await server.assembly.access.createKey(tenant, { name: 'k', scopes, expiresInMs: null })).text;
}

/** Two that complete, one that fails, one that is cancelled, one that waits, and a request that is asked of a squad. */
async function work({ assembly: { squadra } }: TestServer): Promise<void> {
  const runs = [greet, greet, fail].map((workflow) => squadra.submit<unknown, unknown>(workflow, { input: {} }));
  await Promise.all(runs.map(async (run) => (await run).result()));
  const cancelled = await squadra.submit(wait, { input: {} });
  await cancelled.cancel('enough');
  await squadra.submit(wait, { input: {}, start: false });
  await (await squadra.submit('pipeline', { message: 'Write a line.' })).result();
}

/** Half an hour, in which what is begun at a time has come to its end before the next. */
async function passHalfHour(clock: TestClock, { assembly: { squadra } }: TestServer): Promise<void> {
  for (let minute = 0; minute < 30; minute++) {
    await clock.advance(60_000);
    // Each is answered by the thread that deletes, after what it was asked before.
    for (let round = 0; round < 4; round++) await squadra.metrics.stats();
  }
}

it('tells what happened, by the minute, and what is open; later in wider buckets with the same sums', async () => {
  const clock = new TestClock(Date.UTC(2026, 0, 1, 12, 0, 30));
  await using server = await openTestServer({ workflows }, { clock });
  await work(server);
  const { status, body } = await server.ask('/metrics/stats?timeRange=5');
  expect(status).toBe(200);
  const first = body as Stats;
  expect(first).toMatchObject({
    from: '2026-01-01T11:56:00.000Z',
    to: '2026-01-01T12:01:00.000Z',
    retained: true,
    isComplete: true,
    totals: { submitted: 6, completed: 3, failed: 1, cancelled: 1 },
    open: { created: 1, queued: 0, running: 0, waiting: 0 },
    successRate: 0.75,
    throughputPerMinute: 0.6,
    durationMs: { p50: 0, p95: 0, p99: 0 },
    bucketMinutes: 1,
  });
  const { usage } = await server.assembly.squadra.usage().then(({ total }) => total);
  expect(first.modelCalls).toMatchObject({
    total: usage.modelCalls,
    failed: 0,
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    costMicroUsd: usage.costMicroUsd,
  });
  expect(usage.modelCalls).toBeGreaterThan(0);
  expect(first.minutes.map(({ at }) => at.slice(11, 16))).toEqual(['11:56', '11:57', '11:58', '11:59', '12:00']);
  expect(first.minutes.map(({ submitted }) => submitted)).toEqual([0, 0, 0, 0, 6]);
  expect(first.minutes.map(({ durationMs }) => durationMs?.p99 ?? null)).toEqual([null, null, null, null, 0]);
  const week = (await createClient({ url: server.url }).metrics.stats(7 * 1_440)) as Stats;
  expect(week).toMatchObject({
    totals: first.totals,
    modelCalls: first.modelCalls,
    steps: first.steps,
    bucketMinutes: 7,
  });
  expect(week.minutes).toHaveLength(1_440);
  expect(week.minutes.reduce((sum, { steps }) => sum + steps, 0)).toBe(first.steps.total);
});

it('still tells it when the executions were deleted', async () => {
  const clock = new TestClock(Date.UTC(2026, 0, 1, 12));
  await using server = await openTestServer({ workflows, settings: { retentionDays: 0.01 } }, { clock });
  await work(server);
  const { squadra } = server.assembly;
  await squadra.squads.create({ name: 'crew', members: [{ role: 'tester' }] });
  const items = [{ key: 'a', role: 'tester', message: 'Test.' }];
  await squadra.convoys.result((await squadra.convoys.create({ squad: 'crew', items })).id);
  const before = (await server.ask('/metrics/stats?timeRange=180')).body as Stats;
  expect(before.convoys).toEqual({ created: 1, completed: 1, partial: 0, failed: 0, cancelled: 0 });
  await passHalfHour(clock, server);
  expect((await squadra.convoys.list()).items).toEqual([]);
  expect((await squadra.list()).items.map(({ status }) => status).toSorted()).toEqual(['created', 'failed']);
  const after = (await server.ask('/metrics/stats?timeRange=180')).body as Stats;
  const { totals, modelCalls, steps, convoys } = before;
  expect(after).toMatchObject({ totals, modelCalls, steps, convoys });
});

it('forgets minutes after the time that they are kept', async () => {
  const clock = new TestClock(Date.UTC(2026, 0, 1, 12));
  await using server = await openTestServer({ workflows, settings: { metricsRetentionDays: 0.01 } }, { clock });
  await work(server);
  const ask = async (timeRange: number) => server.ask(`/metrics/stats?timeRange=${timeRange}`);
  expect((await ask(15)).body).toMatchObject({ totals: { submitted: 6 } });
  expect((await ask(16)).status).toBe(400);
  await passHalfHour(clock, server);
  // Set back, it would show what is still there.
  clock.set(clock.now() - 30 * 60_000);
  expect((await ask(15)).body).toMatchObject({ totals: { submitted: 0 } });
});

it('shows each tenant its own figures, and those of the process to admins', async () => {
  await using server = await openTestServer({ workflows });
  const { squadra } = server.assembly;
  const [acme, other] = [await keyOf(server, 'acme', ['read', 'write']), await keyOf(server, 'other', ['read'])];
  await (await squadra.forTenant('acme').submit(greet, { input: {} })).result();
  await squadra.forTenant('acme').submit(wait, { input: {}, start: false });
  const stats = async (key: string) => (await server.ask('/metrics/stats', { key })).body;
  expect(await stats(acme)).toMatchObject({ totals: { submitted: 2, completed: 1 }, open: { created: 1 } });
  expect(await stats(other)).toMatchObject({ totals: { submitted: 0, completed: 0 }, open: { created: 0 } });
  const squads = await squadra.forTenant('acme').squads.create({ name: 'crew', members: [{ role: 'tester' }] });
  await squadra.forTenant('acme').convoys.create({
    squad: squads.id,
    items: [{ key: 'a', role: 'tester', message: 'Test.' }],
  });
  const convoys = async (key: string) => (await server.ask('/metrics/convoys', { key })).body as { items: unknown[] };
  expect((await convoys(acme)).items).toHaveLength(1);
  expect((await convoys(other)).items).toEqual([]);
  expect((await server.ask('/metrics/system', { key: acme })).status).toBe(403);
  expect((await server.ask('/metrics/system')).status).toBe(401);
  const admin = await createClient({ url: server.url, key: await keyOf(server, 'acme', ['admin']) }).metrics.system();
  expect(admin).toMatchObject({
    averages: null,
    parallelism: { baseline: 5, max: 20, reason: 'not_measured' },
    gate: { capacity: 100_000, threshold: 80_000, open: true },
    pool: { capacity: 100 },
  });
  expect(admin.cache.map(({ name }) => name)).toContain('squad');
  expect(admin.store.commits.total).toBeGreaterThan(0);
  expect(admin.process.rssBytes).toBeGreaterThan(1_000_000);
});

it('tells how convoys went, newest first, by status and so many', async () => {
  await using server = await openTestServer();
  const { squadra } = server.assembly;
  await squadra.squads.create({ name: 'crew', members: [{ role: 'tester' }] });
  const item = (key: string, dependsOn: readonly string[] = []) => ({
    key,
    role: 'tester',
    message: 'Test.',
    dependsOn,
  });
  const ids: string[] = [];
  for (const items of [[item('a')], [item('a'), item('b', ['a'])]]) {
    const { id } = await squadra.convoys.create({ squad: 'crew', items });
    ids.push(id);
    await squadra.convoys.result(id);
  }
  const ask = async (query = '') => (await server.ask(`/metrics/convoys${query}`)).body as { items: { id: string }[] };
  const { items } = await ask();
  expect(items.map(({ id }) => id)).toEqual(ids.toReversed());
  expect(items[0]).toMatchObject({
    status: 'completed',
    items: 2,
    completed: 2,
    failed: 0,
    parallelism: { highest: 1 },
  });
  expect((await ask('?limit=1')).items.map(({ id }) => id)).toEqual(ids.slice(1));
  expect((await ask('?status=failed')).items).toEqual([]);
});

it('answers without metrics with what can be had now, and says so', async () => {
  const clock = new TestClock();
  const probe = { read: async () => ({ cpu: 20, memory: 30, loopDelayMs: 1 }), [Symbol.dispose]: () => {} };
  const settings = { metrics: false };
  await using server = await openTestServer({ workflows, settings }, { clock, openProbe: () => probe });
  await work(server);
  await clock.advance(60_000);
  expect((await server.ask('/metrics/stats')).body).toMatchObject({
    retained: false,
    totals: { submitted: 0, completed: 0, failed: 0, cancelled: 0 },
    open: { created: 1 },
    successRate: null,
    minutes: [],
  });
  expect((await server.ask('/metrics/resources?timeRange=30')).body).toMatchObject({
    retained: false,
    minutes: [],
    current: { cpu: 20 },
  });
  expect((await server.ask('/metrics')).text).toContain('squadra_gate_open 1');
});

it('keeps how busy the machine was by the minute, and tells it for as long as it is kept', async () => {
  const clock = new TestClock(Date.UTC(2026, 0, 1, 12));
  let cpu = 0;
  const read = async () => ({ cpu: (cpu += 1), memory: 50, loopDelayMs: 2 });
  const openProbe = () => ({ read, [Symbol.dispose]: () => {} });
  await using server = await openTestServer({}, { clock, openProbe });
  await clock.advance(25 * 60_000);
  const { body } = await server.ask('/metrics/resources?timeRange=20');
  const { minutes, samples, average } = body as {
    minutes: { at: string; samples: number; cpu: { average: number; highest: number } }[];
    samples: unknown[];
    average: { cpu: number };
  };
  // This minute, which has just begun, and the 19 before it.
  expect(minutes.map(({ at }) => at.slice(11, 16))).toEqual(
    Array.from({ length: 20 }, (_, place) => `12:${String(place + 6).padStart(2, '0')}`),
  );
  expect(minutes[0]).toMatchObject({ samples: 6, memory: { average: 50, highest: 50 } });
  expect((minutes[0]?.cpu.highest ?? 0) - (minutes[0]?.cpu.average ?? 0)).toBeCloseTo(2.5);
  expect(samples).toHaveLength(60);
  expect(average.cpu).toBeLessThan(cpu - 30);
});

it.each([
  '/metrics/stats?timeRange=0',
  '/metrics/stats?timeRange=-5',
  '/metrics/stats?timeRange=1.5',
  '/metrics/stats?timeRange=43201',
  '/metrics/stats?timeRange=1e99',
  '/metrics/stats?timeRange=x',
  '/metrics/stats?timeRange=',
  '/metrics/stats?timeRange=5&timeRange=6',
  '/metrics/stats?tenant=other',
  '/metrics/convoys?limit=0',
  '/metrics/convoys?limit=201',
  '/metrics/convoys?status=lost',
  '/metrics/resources?timeRange=43201',
  '/metrics/system?all=true',
])('refuses %s with a problem', async (address) => {
  await using server = await openTestServer();
  const { status, body, headers } = await server.ask(address);
  expect(status).toBe(400);
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(body).toMatchObject({ code: 'INVALID_INPUT', status: 400 });
});
