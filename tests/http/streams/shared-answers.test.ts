import { expect, it, vi } from 'vitest';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { readEvents } from '../../support/event-reader.ts';
import type { EventReader } from '../../support/event-reader.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';

/** As pages ask. */
const headers = { 'cache-control': 'max-age=1' };
const budget = { limitMicroUsd: 5_000_000 };

async function keyOf({ assembly: { access } }: TestServer, tenant: string): Promise<string> {
  return (await access.createKey(tenant, { name: 'k', scopes: ['admin'], expiresInMs: null })).text;
}

/** A server whose clock stands still, so that no pulse is told, with two who have keys of one tenant and one of another. */
async function serve() {
  const clock = new TestClock();
  const server = await openTestServer({}, { clock });
  const [one, two, stranger] = [await keyOf(server, 'a'), await keyOf(server, 'a'), await keyOf(server, 'b')];
  const readers: EventReader[] = [];
  for (const key of [one, stranger]) {
    const reader = await readEvents(`${server.url}/api/v1/pulse`, { headers: { authorization: `Bearer ${key}` } });
    await reader.until(({ event }) => event === 'pulse');
    readers.push(reader);
  }
  const budgets = async (key: string, more: Record<string, string> = headers) => {
    const { status, body } = await server.ask('/budgets', { key, headers: more });
    return status === 200 ? (body as { items: unknown[] }).items.length : status;
  };
  const limit = (key: string, period: string) =>
    server.ask(`/budgets/tenant/${key === stranger ? 'b' : 'a'}/${period}`, { method: 'PUT', body: budget, key });
  return {
    clock,
    server,
    one,
    two,
    stranger,
    readers,
    budgets,
    limit,
    [Symbol.asyncDispose]: async () => {
      for (const reader of readers) reader[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

it('gives two of a tenant the same answer until a pulse names its topic, and what one changed to that one at once', async () => {
  await using bench = await serve();
  const { one, two, budgets, limit, clock, readers } = bench;
  expect([await budgets(one), await budgets(two)]).toEqual([0, 0]);
  expect((await limit(one, 'day')).status).toBeLessThan(300);
  // Who asks as programs do is told what is.
  expect([await budgets(two, {}), await budgets(two, { 'cache-control': 'no-cache' })]).toEqual([1, 1]);
  expect(await budgets(two)).toBe(0);
  expect(await budgets(one)).toBe(1);
  expect(await budgets(two)).toBe(1);
  expect((await limit(one, 'month')).status).toBeLessThan(300);
  expect(await budgets(two)).toBe(1);
  await clock.advance(50);
  await readers[0]?.until(({ data }) => (data['topics'] as string[]).length < 9);
  expect(await budgets(two)).toBe(2);
});

it('shares nothing with another tenant, and nothing with who may not read it', async () => {
  await using bench = await serve();
  const { one, stranger, server, budgets, limit } = bench;
  expect((await limit(one, 'day')).status).toBeLessThan(300);
  expect([await budgets(one), await budgets(stranger)]).toEqual([1, 0]);
  expect(await budgets('sqk_nonsense')).toBe(401);
  expect((await server.ask('/metrics/stats?timeRange=0', { key: one, headers })).status).toBe(400);
  expect((await server.ask('/metrics/stats?timeRange=0', { key: one, headers })).headers.get('content-type')).toMatch(
    /problem\+json/,
  );
});

it('answers with the same bytes and headers as without, and makes them once', async () => {
  await using bench = await serve();
  const { one, two, server } = bench;
  const minutes = vi.spyOn(Object.getPrototypeOf(server.assembly.squadra.metrics), 'stats');
  for (const path of ['/metrics/stats', '/metrics/resources', '/executions', '/approvals', '/budgets']) {
    const asked = [{ key: one }, { key: one, headers }, { key: two, headers }];
    const [plain, first, second] = await Promise.all(asked.map((options) => server.ask(path, options)));
    expect([first?.text, second?.text]).toEqual([plain?.text, plain?.text]);
    for (const answer of [first, second]) {
      const own = /^(?:x-request-id|date|x-ratelimit-.*|ratelimit.*)$/;
      const told = (headersOf?: Headers) => [...(headersOf ?? [])].filter(([name]) => !own.test(name));
      expect(told(answer?.headers)).toEqual(told(plain?.headers));
    }
  }
  expect(minutes).toHaveBeenCalledTimes(2);
  minutes.mockRestore();
});
