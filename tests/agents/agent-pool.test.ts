import { describe, expect, it } from 'vitest';
import type { Agent } from '../../src/agents/agent.ts';
import { AgentPool } from '../../src/agents/agent-pool.ts';
import { openAsking } from './asking.ts';
import { MemoryJournal } from './memory-journal.ts';

const { member } = openAsking();

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
    expect(agents.get(tester)).toBe(agents.get(tester));
    agents.get({ ...tester, version: 2, name: 'Ada the second' });
    expect(built).toEqual(['Ada', 'Ada the second']);
    expect(agents.stats()).toEqual({ size: 100, entries: 2, hits: 1, misses: 2, evictions: 0 });
  });

  it('lets the least recently used go', () => {
    const { agents, built } = pool(2);
    const [a, b, c] = ['A', 'B', 'C'].map((name) => member({ name }));
    if (a === undefined || b === undefined || c === undefined) throw new Error('Three members are needed.');
    for (const one of [a, b, a, c, a, b]) agents.get(one);
    expect(built).toEqual(['A', 'B', 'C', 'B']);
    expect(agents.stats()).toEqual({ size: 2, entries: 2, hits: 2, misses: 4, evictions: 2 });
  });

  it('keeps nothing of an agent that could not be built', () => {
    const agents = new AgentPool(() => {
      throw new Error('No.');
    }, 100);
    expect(() => agents.get(member())).toThrow('No.');
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
