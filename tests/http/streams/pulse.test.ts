import { describe, expect, it } from 'vitest';
import { pulseTopics } from '../../../src/orchestrator/pulse/pulse-topic.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { readEvents } from '../../support/event-reader.ts';
import type { EventReader } from '../../support/event-reader.ts';
import { openTestServer } from '../../support/http-server.ts';

const asking = defineWorkflow({
  name: 'asking',
  run: ({ step }) => step.approve('go on', { title: 'Go on?', choices: ['yes', 'no'] }),
});

const topicsOf = (reader: EventReader, from = 1): Set<unknown> =>
  new Set(reader.events.slice(from).flatMap(({ data }) => data['topics'] as string[]));

/** Resolves when a pulse after the first one names the topic. */
const told = (reader: EventReader, topic: string, from = 1) =>
  reader.until((event) => reader.events.indexOf(event) >= from && (event.data['topics'] as string[]).includes(topic));

describe('GET /pulse', () => {
  it('names all topics first, and then those of what was changed', async () => {
    await using server = await openTestServer({ workflows: [asking] });
    using reader = await readEvents(`${server.url}/api/v1/pulse`);
    await reader.until(({ event }) => event === 'pulse');
    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    });
    expect(reader.events[0]?.id).toBe(null);
    expect(topicsOf(reader, 0)).toEqual(new Set(pulseTopics));

    await server.ask('/squads', { body: { name: 'ours', template: 'software' } });
    await told(reader, 'squads');
    expect(topicsOf(reader)).toEqual(new Set(['squads']));

    await server.ask('/budgets/tenant/local/day', { method: 'PUT', body: { limitMicroUsd: 5_000_000 } });
    await told(reader, 'budgets');
    expect(topicsOf(reader, 2)).toEqual(new Set(['budgets']));

    const { body } = await server.ask('/executions', { body: { workflow: 'asking', input: {} } });
    await told(reader, 'executions');
    await told(reader, 'approvals');
    const before = reader.events.length;
    await server.assembly.squadra.run((body as { id: string }).id).approve('go on', { choice: 'yes' });
    await told(reader, 'approvals', before);
    await told(reader, 'executions', before);
  });

  it('names convoys and schedules that were made', async () => {
    await using server = await openTestServer();
    using reader = await readEvents(`${server.url}/api/v1/pulse`);
    await reader.until(({ event }) => event === 'pulse');
    const item = { key: 'a', role: 'tester', message: 'Look at it.' };
    expect((await server.ask('/convoys', { body: { items: [item] } })).status).toBe(202);
    await told(reader, 'convoys');
    const schedule = { name: 'hourly', every: '1h', message: 'Look at the news' };
    expect((await server.ask('/schedules', { body: schedule })).status).toBe(201);
    await told(reader, 'schedules');
  });

  it('tells a tenant nothing of another, asks for a key, and ends with it', async () => {
    await using server = await openTestServer({ workflows: [asking] });
    const { access } = server.assembly;
    const keyOf = (tenant: string) => access.createKey(tenant, { name: 'k', scopes: ['write'], expiresInMs: null });
    const [mine, theirs] = [await keyOf('mine'), await keyOf('theirs')];
    expect((await server.ask('/pulse')).status).toBe(401);
    using reader = await readEvents(`${server.url}/api/v1/pulse`, {
      headers: { authorization: `Bearer ${mine.text}` },
    });
    using other = await readEvents(`${server.url}/api/v1/pulse`, {
      headers: { authorization: `Bearer ${theirs.text}` },
    });
    await reader.until(({ event }) => event === 'pulse');
    await server.ask('/squads', { body: { name: 'theirs', template: 'software' }, key: theirs.text });
    await told(other, 'squads');
    await server.ask('/executions', { body: { workflow: 'asking', input: {} }, key: mine.text });
    await told(reader, 'executions');
    expect(topicsOf(reader)).not.toContain('squads');
    await access.revokeKey('mine', mine.key.id);
    expect((await reader.ended()).at(-1)?.event).toBe('resume');
  });

  it('tells of a sample of the machine, and shows life in between', async () => {
    const clock = new TestClock();
    const reading = { cpu: 1, memory: 2, loopDelayMs: 3 };
    const openProbe = () => ({ read: async () => reading, [Symbol.dispose]: () => {} });
    await using server = await openTestServer({}, { clock, openProbe });
    using reader = await readEvents(`${server.url}/api/v1/pulse`);
    await reader.until(({ event }) => event === 'pulse');
    await clock.advance(11_000);
    await told(reader, 'system');
    // What was counted "in the last hour" is another thing in another minute.
    expect(topicsOf(reader)).toEqual(new Set(['system', 'metrics']));
    await clock.advance(10_000);
    await told(reader, 'system', 2);
    expect(topicsOf(reader, 2)).toEqual(new Set(['system']));
    await reader.untilText(/^:$/m);
  });
});
