import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../../src/client.ts';
import type { CostDocument } from '../../../src/client.ts';
import { scriptedModel } from '../../../src/testing/scripted-model.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { describedAsk } from '../../support/answer-schema.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';

const day = 86_400_000;
const begin = Date.UTC(2026, 2, 1, 23, 59);
const both = defineWorkflow({
  name: 'both',
  async run({ squad }) {
    await squad.ask('tester', 'Test it.');
    await squad.ask('reviewer', 'Review it.');
  },
});
const members = [
  { role: 'tester', name: 'Tess', provider: 'own', model: 'dear' },
  { role: 'reviewer', provider: 'own', model: 'unknown' },
  { role: 'backend_developer', provider: 'own', model: 'breaks' },
];
const breaks = defineWorkflow({
  name: 'breaks',
  run: async ({ squad }) => void (await squad.ask('backend_developer', 'Build it.')),
});

let server: TestServer;
let ask: TestServer['ask'];
let file: string;
let crew: string;
const executions: string[] = [];

beforeAll(async () => {
  const clock = new TestClock(begin);
  const model = scriptedModel(({ role }) =>
    role === 'backend_developer'
      ? { text: 'half of it', finishReason: 'length', usage: { inputTokens: 77, outputTokens: 33 } }
      : { text: `by ${role}`, usage: { inputTokens: 1_001 + executions.length, outputTokens: 103, cachedTokens: 400 } },
  );
  server = await openTestServer(
    {
      workflows: [both, breaks],
      models: { own: model.asProvider() },
      prices: { 'own/dear': { input: 10, cached: 1, output: 100 }, 'own/breaks': { input: 3, output: 7 } },
    },
    { clock },
  );
  ask = await describedAsk(server);
  const { squadra } = server.assembly;
  file = join(server.assembly.settings.stateDir, 'squadra.db');
  crew = (await squadra.squads.create({ name: 'crew', members })).id;
  await squadra.squads.create({ name: 'other', members });
  const submit = async (workflow: string, squad: string, tenant = 'local'): Promise<void> => {
    const own = squadra.forTenant(tenant);
    const run = await own.submit(workflow, { message: `# Please\n\nDo ${executions.length}.`, squad });
    await run.result();
    if (tenant === 'local') executions.push(run.id);
  };
  await submit('both', 'crew');
  await submit('both', 'crew');
  await submit('breaks', 'crew');
  await clock.jump(begin + day);
  await submit('both', 'other');
  await squadra.forTenant('acme').squads.create({ name: 'crew', members });
  await submit('both', 'crew', 'acme');
});
afterAll(() => server[Symbol.asyncDispose]());

/** Reads the tables as nothing of Squadra does. */
function rows(sql: string, ...values: string[]): Record<string, unknown>[] {
  using database = new DatabaseSync(file, { readOnly: true });
  return database.prepare(sql).all(...values);
}

async function costs(query: string): Promise<CostDocument> {
  const { status, body, text } = await ask(`/costs?${query}`);
  expect([status, text]).toEqual([200, text]);
  return body as CostDocument;
}

const byText = (a: unknown, b: unknown): number => (String(a) < String(b) ? -1 : 1);
const pairs = ({ items }: CostDocument) =>
  items.map(({ key, costMicroUsd, modelCalls, unpricedCalls }) => [key, costMicroUsd, modelCalls, unpricedCalls]);
const attempts = `SELECT journal.key, journal.attempt, journal.at, executions.id, executions.squad_id, executions.created_at,
    json_extract(data, '$.usage.costMicroUsd') AS cost, json_extract(data, '$.usage.modelCalls') AS calls,
    json_extract(data, '$.usage.unpricedCalls') AS unpriced
  FROM journal JOIN executions ON executions.no = journal.execution
  WHERE journal.tenant = 'local' AND journal.type = 'model' AND phase IN ('completed', 'failed')`;

describe('GET /costs', () => {
  it('sums to the micro-dollar what the journal tells of each call', async () => {
    const sums = (by: string): unknown[][] =>
      rows(`SELECT ${by} AS key, sum(cost) AS cost, sum(calls) AS calls, sum(unpriced) AS unpriced FROM (${attempts}) GROUP BY 1
        ORDER BY cost DESC, key`).map(({ key, cost, calls, unpriced }) => [key, cost, calls, unpriced]);
    const [total] = sums("'all'");
    expect(Number(total?.[1])).toBeGreaterThan(30_000);
    const byDay = await costs('groupBy=day');
    expect(byDay.total).toMatchObject({
      costMicroUsd: total?.[1],
      modelCalls: total?.[2],
      unpricedCalls: 3,
      executions: 4,
    });
    expect(pairs(byDay)).toEqual(
      sums("date(created_at / 1000, 'unixepoch')").toSorted(([a], [b]) => (String(a) < String(b) ? 1 : -1)),
    );
    expect(byDay.items.map(({ key }) => key)).toEqual(['2026-03-02', '2026-03-01']);
    expect(await costs('')).toEqual(byDay);
    expect(pairs(await costs('groupBy=squad'))).toEqual(sums('squad_id'));
    const models = await costs('groupBy=model');
    const byModel = `CASE WHEN key LIKE 'tester/%' THEN 'own/dear' WHEN key LIKE 'reviewer/%' THEN 'own/unknown' ELSE 'own/breaks' END`;
    expect(pairs(models)).toEqual(sums(byModel));
    expect(models.items.map(({ name, unpricedCalls }) => [name, unpricedCalls])).toEqual([
      ['own/dear', 0],
      ['own/breaks', 0],
      ['own/unknown', 3],
    ]);
    const byExecution = await costs('groupBy=execution');
    expect(
      byExecution.items
        .toSorted((a, b) => ((a.key ?? '') < (b.key ?? '') ? -1 : 1))
        .map(({ key, costMicroUsd }) => [key, costMicroUsd]),
    ).toEqual(
      rows(`SELECT id, sum(cost) AS cost FROM (${attempts}) GROUP BY 1 ORDER BY 1`).map(({ id, cost }) => [id, cost]),
    );
    for (const { items } of [byDay, models, byExecution, await costs('groupBy=member')])
      expect(items.reduce((sum, { costMicroUsd }) => sum + costMicroUsd, 0)).toBe(total?.[1]);
  });

  it('names squads, members and what executions were asked for', async () => {
    const names = async (groupBy: string) =>
      (await costs(`groupBy=${groupBy}`)).items.map(({ name }) => name).toSorted(byText);
    expect(await names('squad')).toEqual(['crew', 'other']);
    expect(await names('member')).toEqual(['Backend developer', 'Reviewer', 'Reviewer', 'Tess', 'Tess']);
    expect(await names('execution')).toEqual(['Please', 'Please', 'Please', 'Please']);
  });

  it('is of a time, its first moment included and its last not', async () => {
    expect((await costs('groupBy=execution&from=2026-03-02')).items.map(({ key }) => key)).toEqual([executions[3]]);
    const first = await costs('groupBy=squad&from=2026-03-01&to=2026-03-02T00:00:00%2B00:00');
    expect(first).toMatchObject({ from: '2026-03-01T00:00:00.000Z', to: '2026-03-02T00:00:00.000Z', groupBy: 'squad' });
    expect(first.items.map(({ key }) => key)).toEqual([crew]);
    expect(await costs('groupBy=model&from=2027-01-01')).toMatchObject({
      items: [],
      nextCursor: null,
      total: { modelCalls: 0 },
    });
  });

  it.each(['day', 'squad', 'member', 'model', 'execution'])('comes in pages that miss nothing: %s', async (groupBy) => {
    const whole = await costs(`groupBy=${groupBy}`);
    const read: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await costs(`groupBy=${groupBy}&limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect(page.total).toEqual(whole.total);
      expect(page.items).toHaveLength(1);
      read.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(read).toEqual(whole.items);
    expect(read.length).toBeGreaterThan(1);
  });

  it('is of the own tenant alone', async () => {
    const { squadra } = server.assembly;
    const theirs = await squadra.forTenant('acme').costs({ groupBy: 'execution' });
    expect(theirs.total.executions).toBe(1);
    expect(theirs.items).toHaveLength(1);
    expect(executions).not.toContain(theirs.items[0]?.key);
    expect((await squadra.forTenant('nobody').costs({ groupBy: 'member' })).items).toEqual([]);
  });

  it.each([
    ['groupBy=moon', 'INVALID_INPUT'],
    ['groupBy=day&from=yesterday', 'INVALID_INPUT'],
    ['groupBy=day&from=2026-02-30', 'INVALID_INPUT'],
    ['groupBy=day&from=2026-03-02&to=2026-03-01', 'INVALID_INPUT'],
    ['groupBy=day&limit=0', 'INVALID_INPUT'],
    ['groupBy=day&limit=201', 'INVALID_INPUT'],
    ['groupBy=day&squad=crew', 'INVALID_INPUT'],
    ['groupBy=day&cursor=nonsense', 'INVALID_CURSOR'],
    [`groupBy=execution&cursor=${Buffer.from('[-1,2]').toString('base64url')}`, 'INVALID_CURSOR'],
  ])('refuses %j', async (query, code) => {
    expect(await ask(`/costs?${query}`)).toMatchObject({ status: 400, body: { code } });
  });

  it('is told by the client too', async () => {
    const client = createClient({ url: server.url });
    const { items, total } = await client.costs({ groupBy: 'squad', from: '2026-03-02' });
    expect(items).toMatchObject([{ name: 'other', costMicroUsd: total.costMicroUsd }]);
  });
});
