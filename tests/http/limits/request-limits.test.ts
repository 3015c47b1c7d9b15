import { describe, expect, it } from 'vitest';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { Answer, TestServer } from '../../support/http-server.ts';

const five = { rateLimitPerMinute: 5, rateLimitBurst: 2 };

async function statuses(times: number, ask: () => Promise<Answer>): Promise<number[]> {
  const found: number[] = [];
  for (let time = 0; time < times; time++) found.push((await ask()).status);
  return found;
}

async function keyOf(server: TestServer, tenant = 'acme'): Promise<string> {
  const { text } = await server.assembly.access.createKey(tenant, { name: 'k', scopes: ['write'], expiresInMs: null });
  return text;
}

describe('a rate of 5 a minute with a burst of 2', () => {
  it('answers seven requests at once, then one each 12 s, and says so in every answer', async () => {
    const clock = new TestClock();
    await using server = await openTestServer({ settings: five }, { clock });
    const key = await keyOf(server);
    const ask = () => server.ask('/executions', { key, body: {} });
    const first = await ask();
    expect(first.headers.get('ratelimit-policy')).toBe('"requests";q=7;w=84');
    expect(first.headers.get('ratelimit')).toBe('"requests";r=6;t=12');
    await statuses(6, ask);
    const refused = await ask();
    expect(refused).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED', status: 429 } });
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect(refused.headers.get('retry-after')).toBe('12');
    expect(refused.headers.get('ratelimit')).toBe('"requests";r=0;t=12');
    await clock.advance(11_999);
    expect((await ask()).status).toBe(429);
    await clock.advance(1);
    const again = await statuses(2, ask);
    expect(again).toEqual([400, 429]);
  });

  it('counts each key for itself, and never those that supervisors ask', async () => {
    await using server = await openTestServer({ settings: five }, { clock: new TestClock() });
    const [one, other] = [await keyOf(server), await keyOf(server)];
    expect((await statuses(8, () => server.ask('/executions', { key: one, body: {} }))).at(-1)).toBe(429);
    expect((await server.ask('/executions', { key: other, body: {} })).status).toBe(400);
    expect(await statuses(10, () => server.ask('/health'))).toEqual(Array(10).fill(200));
    expect(await statuses(10, () => server.ask('/ready'))).toEqual(Array(10).fill(200));
    expect((await server.ask('/health')).headers.get('ratelimit')).toBeNull();
    expect((await server.ask('/metrics')).text).toContain('squadra_http_refusals_total{reason="rate"} 1');
  });

  it('counts requests without a key for their address, those for nothing too', async () => {
    await using server = await openTestServer({ settings: five }, { clock: new TestClock() });
    const key = await keyOf(server);
    expect(await statuses(4, () => server.ask('/executions', { body: {} }))).toEqual([401, 401, 401, 401]);
    expect(await statuses(4, () => server.ask('/openapi.json'))).toEqual([200, 200, 200, 429]);
    expect((await server.ask('/api/v1/nowhere')).status).toBe(429);
    expect((await server.ask('/executions', { key, body: {} })).status).toBe(400);
  });

  it('holds in the open mode too when it is asked for', async () => {
    await using server = await openTestServer({ settings: five }, { clock: new TestClock() });
    const ask = () => server.ask('/executions', { body: {} });
    expect(await statuses(8, ask)).toEqual([400, 400, 400, 400, 400, 400, 400, 429]);
  });
});

describe('where nothing is set', () => {
  it('nothing is counted in the open mode, and 6000 and 1000 hold from the first key on', async () => {
    await using server = await openTestServer();
    expect((await server.ask('/openapi.json')).headers.get('ratelimit-policy')).toBeNull();
    const key = await keyOf(server);
    const answer = await server.ask('/executions', { key, body: {} });
    expect(answer.headers.get('ratelimit-policy')).toBe('"requests";q=7000;w=70');
  });

  it('0 sets no limit', async () => {
    await using server = await openTestServer({ settings: { rateLimitPerMinute: 0 } });
    const answer = await server.ask('/executions', { key: await keyOf(server), body: {} });
    expect(answer.headers.get('ratelimit')).toBeNull();
  });
});

describe('wrong keys', () => {
  it('count for their address, from which no key is listened to any more until time has passed', async () => {
    const clock = new TestClock();
    await using server = await openTestServer({ settings: { failedAuthPerMinute: 3 } }, { clock });
    const key = await keyOf(server);
    const guess = () => server.ask('/executions', { key: 'sqd_guess', body: {} });
    expect(await statuses(5, guess)).toEqual([401, 401, 401, 429, 429]);
    const refused = await server.ask('/executions', { key, body: {} });
    expect(refused).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
    expect(refused.headers.get('retry-after')).toBe('20');
    expect(refused.headers.get('ratelimit-policy')).toBe('"wrong-keys";q=3;w=60');
    expect(refused.headers.get('ratelimit')).toBe('"wrong-keys";r=0;t=20');
    expect((await server.ask('/openapi.json')).status).toBe(200);
    await clock.advance(20_000);
    expect((await server.ask('/executions', { key, body: {} })).status).toBe(400);
    expect(await statuses(2, guess)).toEqual([401, 429]);
    expect((await server.ask('/metrics')).text).toContain('squadra_http_refusals_total{reason="failed_auth"} 4');
  });

  it('count without end where 0 is set', async () => {
    await using server = await openTestServer({ settings: { failedAuthPerMinute: 0 } });
    await keyOf(server);
    expect(new Set(await statuses(20, () => server.ask('/executions', { key: 'sqd_guess', body: {} })))).toEqual(
      new Set([401]),
    );
  });
});
