import { describe, expect, it } from 'vitest';
import type { Agent } from '../../src/agents/agent.ts';
import { AgentPool } from '../../src/agents/agent-pool.ts';
import type { AgentRequest } from '../../src/agents/agent-pool.ts';
import { openSquadraIn } from '../../src/compose.ts';
import { readSettings } from '../../src/config/settings.ts';
import type { Member } from '../../src/squads/squad.ts';
import { scriptedModel } from '../../src/testing/scripted-model.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { openAsking } from './asking.ts';
import { MemoryJournal } from './memory-journal.ts';
import { temporaryFolder } from './tools/calling.ts';

const { member } = openAsking();
const of = (one: Member, tenant = 'local'): AgentRequest => ({ tenant, squadId: 'squad', member: one });

function pool(size = 100) {
  const built: string[] = [];
  const agents = new AgentPool(({ name }) => {
    built.push(name);
    return { systemPrompt: name } as Agent;
  }, size);
  return { agents, built };
}

describe('the agent pool', () => {
  it('builds an agent once for each version of a member', () => {
    const { agents, built } = pool();
    const tester = member({ name: 'Ada' });
    expect(agents.get(of(tester))).toBe(agents.get(of(tester)));
    agents.get(of({ ...tester, version: 2, name: 'Ada the second' }));
    expect(built).toEqual(['Ada', 'Ada the second']);
    expect(agents.stats()).toEqual({ size: 100, entries: 2, hits: 1, misses: 2, evictions: 0 });
  });

  it('lets the least recently used go', () => {
    const { agents, built } = pool(2);
    const [a, b, c] = ['A', 'B', 'C'].map((name) => member({ name }));
    if (a === undefined || b === undefined || c === undefined) throw new Error('Three members are needed.');
    for (const one of [a, b, a, c, a, b]) agents.get(of(one));
    expect(built).toEqual(['A', 'B', 'C', 'B']);
    expect(agents.stats()).toEqual({ size: 2, entries: 2, hits: 2, misses: 4, evictions: 2 });
  });

  it.each([
    { role: 'reviewer' },
    { specialization: 'automation' },
    { name: 'Grace' },
    { provider: 'other' },
    { model: 'other' },
    { temperature: 0 },
    { instructions: 'Be strict.' },
  ])('gives no agent that was built from other settings, although the version came again: %j', (other) => {
    const { agents, built } = pool();
    const tester = member({ name: 'Ada' });
    agents.get(of(tester));
    agents.get(of({ ...tester }));
    expect(built).toHaveLength(1);
    const changed = { ...tester, ...other };
    expect(agents.get(of(changed))).toBe(agents.get(of({ ...changed })));
    expect(built).toHaveLength(2);
    expect(agents.stats()).toMatchObject({ entries: 1, hits: 2, misses: 2, evictions: 0 });
  });

  it('tells the agents of a tenant, and lets them go', () => {
    const { agents, built } = pool();
    const [a, b, c] = ['A', 'B', 'C'].map((name) => member({ name }));
    if (a === undefined || b === undefined || c === undefined) throw new Error('Three members are needed.');
    for (const one of [a, b, { ...a, version: 2, name: 'A2' }, a]) agents.get(of(one));
    agents.get(of(c, 'acme'));
    expect(agents.of('local').map(({ member: { name } }) => name)).toEqual(['A', 'A2', 'B']);
    expect(agents.of('nobody')).toEqual([]);
    expect(agents.drop('acme', a.id)).toBe(0);
    expect(agents.drop('local', a.id)).toBe(2);
    expect(agents.of('local').map(({ member: { name } }) => name)).toEqual(['B']);
    agents.get(of(a));
    expect(built).toEqual(['A', 'B', 'A2', 'C', 'A']);
    expect(agents.drop('local')).toBe(2);
    expect(agents.stats()).toMatchObject({ entries: 1, evictions: 0 });
  });

  it('keeps nothing of an agent that could not be built', () => {
    const agents = new AgentPool(() => {
      throw new Error('No.');
    }, 100);
    expect(() => agents.get(of(member()))).toThrow('No.');
    expect(agents.stats()).toEqual({ size: 100, entries: 0, hits: 0, misses: 0, evictions: 0 });
  });

  it('serves asks that begin together with one agent', async () => {
    const { asker, member: own } = openAsking();
    const tester = own();
    const journal = new MemoryJournal();
    await Promise.all(
      Array.from({ length: 50 }, (_, n) => asker.ask(journal.request(tester, 'Hello.', { name: `ask-${n}` }))),
    );
    expect(asker.stats().agents).toEqual({ size: 100, entries: 1, hits: 49, misses: 1, evictions: 0 });
  });
});

describe('the agents of a squad', () => {
  const twice = defineWorkflow({
    name: 'twice',
    run: async ({ input, squad, step }) => {
      const first = await squad.ask('tester', `Remember ${JSON.stringify(input)}.`);
      await step.waitFor('go');
      const second = await squad.ask('tester', 'What was it?', { name: 'again' });
      return [first.text, second.text];
    },
  });

  async function open() {
    const model = scriptedModel(({ number }) => `answer ${number}`);
    const squadra = await openSquadraIn(
      {
        stateDir: temporaryFolder(),
        workflows: [twice],
        models: { one: model.asProvider(), two: model.asProvider() },
        settings: { logLevel: 'silent' },
        squads: [{ name: 'us', members: [{ role: 'tester', provider: 'one', model: 'm' }] }],
      },
      { readSettings: (overrides) => readSettings({}, overrides) },
    );
    const begin = async (input: unknown) => {
      const run = await squadra.submit<unknown, unknown>('twice', { squad: 'us', input });
      for await (const event of run.events()) if (event.event === 'status' && event.status === 'waiting') break;
      return run;
    };
    return { squadra, model, begin };
  }

  it('are built anew after every change of a member, and executions under way keep what they began with', async () => {
    const { squadra, model, begin } = await open();
    await using _ = squadra;
    const changes = [
      { instructions: 'Be strict.' },
      { name: 'Ada' },
      { temperature: 0.1 },
      { model: 'n' },
      { provider: 'two' },
      { specialization: 'automation' },
    ];
    const early = await begin('first');
    expect(squadra.statistics().agents).toEqual({ size: 100, entries: 1, hits: 0, misses: 1, evictions: 0 });
    for (const [place, member] of changes.entries()) {
      const squad = await squadra.squads.get('us');
      await squadra.squads.change(squad, { change: 'update-member', memberId: squad.members[0]?.id ?? '', member });
      await begin(place);
      expect(squadra.statistics().agents).toMatchObject({ entries: place + 2, misses: place + 2 });
    }
    const { options, prompt } = model.calls.at(-1) ?? {};
    expect(options?.temperature).toBe(0.1);
    const [system] = prompt ?? [];
    expect(system?.content).toMatch(/^Role: tester\nSpecialization: automation\nName: Ada\n[^]*Be strict\./);
    await early.signal('go');
    await early.result();
    expect(model.calls.at(-1)?.prompt[0]).toEqual(model.calls[0]?.prompt[0]);
    // The replay asks for it once more before the second ask does.
    expect(squadra.statistics().agents).toMatchObject({ hits: 2, misses: 1 + changes.length });
  });

  it('share nothing between executions, nor between two asks of one', async () => {
    const { squadra, model, begin } = await open();
    await using _ = squadra;
    const runs = await Promise.all([begin('red'), begin('blue')]);
    for (const run of runs) await run.signal('go');
    await Promise.all(runs.map((run) => run.result()));
    expect(squadra.statistics().agents).toMatchObject({ misses: 1, hits: 5 });
    const said = model.calls.map(({ prompt }) => JSON.stringify(prompt.slice(1)));
    expect(said.filter((text) => text.includes('red'))).toHaveLength(1);
    expect(said.filter((text) => text.includes('blue'))).toHaveLength(1);
    expect(said.filter((text) => text.includes('answer'))).toEqual([]);
    for (const { prompt } of model.calls) expect(prompt).toHaveLength(2);
  });
});
