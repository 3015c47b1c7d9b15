import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../../src/client.ts';
import type { AgentPoolDocument } from '../../../src/client.ts';
import { scriptedModel } from '../../../src/testing/scripted-model.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { describedAsk } from '../../support/answer-schema.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';

const unknownId = '00000000-0000-7000-8000-000000000000';
const both = defineWorkflow({
  name: 'both',
  async run({ squad }) {
    await squad.ask('tester', 'Test it.');
    await squad.ask('reviewer', 'Review it.');
  },
});
const members = [
  { role: 'tester', name: 'Tess', provider: 'own', model: 'm' },
  { role: 'reviewer', name: 'Rea', provider: 'own', model: 'n' },
];

let server: TestServer;
let ask: TestServer['ask'];
/** Each call of the model waits until it is let go. */
const held: (() => void)[] = [];
let onCall: () => void = () => {};
let holds = false;

beforeAll(async () => {
  const model = scriptedModel(async ({ role }) => {
    if (holds)
      await new Promise<void>((resolve) => {
        held.push(resolve);
        onCall();
      });
    return { text: `by ${role}` };
  });
  server = await openTestServer({ workflows: [both], models: { own: model.asProvider() } });
  ask = await describedAsk(server);
});
afterAll(() => server[Symbol.asyncDispose]());

async function crew(tenant = 'local') {
  const squadra = server.assembly.squadra.forTenant(tenant);
  const squad = await squadra.squads.create({ name: `crew of ${tenant}`, members });
  const ids = squad.members.map(({ id }) => id);
  return { squadra, squad, ids: ids as [string, string] };
}

const refused = (status: number, code: string) => ({ status, body: { code, status } });

describe('the agent pool over HTTP', () => {
  it('tells the agents of the tenant, the calls they make, and lets them go', async () => {
    const { squadra, squad, ids } = await crew();
    const foreign = await crew('acme');
    expect(await ask('/agent-pool')).toMatchObject({ body: { size: 0, capacity: 100, items: [], nextCursor: null } });
    await (await foreign.squadra.submit(both, { message: 'x', squad: foreign.squad.id })).result();
    holds = true;
    const called = new Promise<void>((resolve) => (onCall = resolve));
    const run = await squadra.submit(both, { message: 'x', squad: squad.id });
    await called;
    const tess = { memberId: ids[0], memberVersion: 1, squadId: squad.id, name: 'Tess', role: 'tester' };
    expect((await ask(`/agent-pool/${ids[0]}`)).body).toEqual({
      ...tess,
      provider: 'own',
      model: 'm',
      callsInFlight: 1,
      calls: 1,
      lastUsedAt: expect.stringMatching(/^\d{4}-/) as string,
    });
    holds = false;
    for (const release of held.splice(0)) release();
    await run.result();
    const all = (await ask('/agent-pool')).body as AgentPoolDocument;
    expect(all).toMatchObject({ size: 2, capacity: 100, nextCursor: null });
    expect(all.items).toMatchObject([
      { name: 'Rea', model: 'n', calls: 1, callsInFlight: 0 },
      { ...tess, callsInFlight: 0 },
    ]);
    const first = (await ask('/agent-pool?limit=1')).body as AgentPoolDocument;
    expect(first.items).toEqual(all.items.slice(0, 1));
    const second = await ask(`/agent-pool?limit=1&cursor=${encodeURIComponent(first.nextCursor ?? '')}`);
    expect(second.body).toMatchObject({ size: 2, items: all.items.slice(1), nextCursor: null });

    expect(await ask(`/agent-pool/${foreign.ids[0]}`, { method: 'DELETE' })).toMatchObject(refused(404, 'NOT_FOUND'));
    expect((await ask(`/agent-pool/${ids[0]}`, { method: 'DELETE' })).status).toBe(204);
    expect(await ask(`/agent-pool/${ids[0]}`)).toMatchObject(refused(404, 'NOT_FOUND'));
    expect(await ask(`/agent-pool/${ids[0]}`, { method: 'DELETE' })).toMatchObject(refused(404, 'NOT_FOUND'));
    const client = createClient({ url: server.url });
    expect(await client.agentPool.list()).toMatchObject({ size: 1, items: [{ name: 'Rea' }] });
    expect(await client.agentPool.get(ids[1])).toMatchObject({ name: 'Rea' });
    await client.agentPool.drop();
    expect(await client.agentPool.list({ limit: 5 })).toMatchObject({ size: 0, items: [] });
    // Nothing of the other tenant went, and the next ask builds anew.
    expect((await foreign.squadra.agents.list()).size).toBe(2);
    await (await squadra.submit(both, { message: 'x', squad: squad.id })).result();
    expect((await ask('/agent-pool')).body).toMatchObject({ size: 2 });
  });

  it('refuses what makes no sense', async () => {
    expect(await ask(`/agent-pool/${unknownId}`)).toMatchObject(refused(404, 'NOT_FOUND'));
    expect(await ask('/agent-pool/nonsense')).toMatchObject(refused(404, 'NOT_FOUND'));
    expect(await ask('/agent-pool?limit=0')).toMatchObject(refused(400, 'INVALID_INPUT'));
    expect(await ask('/agent-pool?cursor=nonsense')).toMatchObject(refused(400, 'INVALID_CURSOR'));
    expect(await ask('/agent-pool?size=1')).toMatchObject(refused(400, 'INVALID_INPUT'));
  });
});

describe('with keys', () => {
  it('only admins let agents go or see how the cache does', async () => {
    await using closed = await openTestServer();
    const { access } = closed.assembly;
    const make = async (scope: 'write' | 'admin') =>
      (await access.createKey('acme', { name: 'k', scopes: [scope], expiresInMs: null })).text;
    const [writer, admin] = [await make('write'), await make('admin')];
    for (const path of ['/agent-pool', `/agent-pool/${unknownId}`])
      expect(await closed.ask(path, { method: 'DELETE', key: writer })).toMatchObject(refused(403, 'FORBIDDEN'));
    expect((await closed.ask('/agent-pool', { method: 'DELETE', key: admin })).status).toBe(204);
    expect((await closed.ask('/agent-pool', { key: writer })).status).toBe(200);
    expect(await closed.ask('/cache', { key: writer })).toMatchObject(refused(403, 'FORBIDDEN'));
    expect((await closed.ask('/cache', { key: admin })).status).toBe(200);
  });
});

describe('GET /cache', () => {
  it('tells how well each region does', async () => {
    await using fresh = await openTestServer();
    const described = await describedAsk(fresh);
    const { body } = await described('/cache');
    const { regions } = body as { regions: { name: string; ttlSeconds: number; hitRate: number | null }[] };
    expect(regions.map(({ name, ttlSeconds }) => [name, ttlSeconds])).toEqual([
      ['squad', 300],
      ['user', 900],
      ['member', 1_800],
      ['prompt', 3_600],
      ['cost', 60],
    ]);
    expect(regions.at(-1)).toMatchObject({ entries: 0, hits: 0, misses: 0, hitRate: null });
    for (let times = 0; times < 4; times++) await fresh.assembly.squadra.usage();
    const client = createClient({ url: fresh.url });
    expect((await client.cache()).regions.at(-1)).toMatchObject({ entries: 1, hits: 3, misses: 1, hitRate: 0.75 });
    expect(await described('/cache?region=squad')).toMatchObject(refused(400, 'INVALID_INPUT'));
  });
});
